"""Ordinary PyGithub iteration for the facts that the collector reads, for comparison."""

from __future__ import annotations

import time

from evidence.demo.serving import LoopbackServer
from evidence.demo.simulation import Moment


def iterate(moment: Moment, server: LoopbackServer, limit: int) -> str:
    """Reads `limit` merged pull requests the way one writes it first; one line of figures.

    The spacing that PyGithub keeps between requests (0.25 s) is switched off here; by default it
    alone takes 25 minutes for 6,000 requests.
    """
    from github import Auth, Github

    client = Github(
        auth=Auth.Token(moment.github_token),
        base_url=moment.github_api_url,
        per_page=100,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
    calls, started, done = server.calls, time.perf_counter(), 0
    repository = client.get_repo(next(iter(moment.repositories.values())))
    for pull in repository.get_pulls(state="closed"):
        if done == limit:
            break
        done += 1
        _ = (pull.merged, pull.merged_by)  # not in the list: a request for each
        list(pull.get_reviews())
        for listed in pull.get_commits():
            commit = repository.get_commit(listed.sha)
            list(commit.get_check_runs())
            commit.get_combined_status()
        list(pull.as_issue().get_timeline())
    used = server.calls - calls
    return (
        f"PyGithub as it is written first: {used} requests for {done} pull requests = "
        f"{used / max(done, 1) * 1000:.0f} for 1,000, without closing issues (REST has none), "
        f"files and merge commits; {time.perf_counter() - started:.1f} s without any latency"
    )
