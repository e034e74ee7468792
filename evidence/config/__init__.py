"""TOML and environment in, settings and policy out. Nothing else reads the environment."""
