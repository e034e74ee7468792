"""Deliveries that the receiver took: pure readers of what each system's own message names.

Nothing is fetched here and nothing is judged: a delivery is a hint and a witness.
"""
