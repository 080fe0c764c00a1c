from __future__ import annotations

from dataclasses import replace

from tests.unit.alerting.factory import POLICY, at, match
from watchbound.alerting.raise_alert import raise_alert
from watchbound.client import HighestRevision


def test_an_event_is_news_once_and_never_after_a_higher_revision() -> None:
    (opened,) = raise_alert(None, match(0), POLICY, at(0)).alerts
    news = HighestRevision()
    revisions = [0, 0, 2, 1, 2, 3]
    assert [news.is_news(replace(opened, revision=r)) for r in revisions] == [True, False, True, False, False, True]


def test_memory_is_bounded() -> None:
    (opened,) = raise_alert(None, match(0), POLICY, at(0)).alerts
    news = HighestRevision(remembered=2)
    assert all(news.is_news(replace(opened, id=name)) for name in ("a", "b", "c"))
    assert not news.is_news(replace(opened, id="c"))
    assert news.is_news(replace(opened, id="a"))
