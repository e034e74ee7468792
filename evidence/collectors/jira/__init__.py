"""Jira: issues of Cloud and of Server or Data Center, each with its whole changelog."""

from __future__ import annotations

from evidence.collectors.jira.collector import JiraCollector

__all__ = ["JiraCollector"]
