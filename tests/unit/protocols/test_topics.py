"""Topics: one file knows them, and what is not ours is refused."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import topics
from protocols.names import is_id
from protocols.topics import Address, Leaf, NotATopic, Stream

ids = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=64)
leaves = st.sampled_from([*Stream, *Leaf])


def matches(filter_: str, topic: str) -> bool:
    """MQTT 3.1.1, section 4.7, for filters of + and a closing #."""
    wanted, parts = filter_.split("/"), topic.split("/")
    if wanted[-1] == "#":
        return parts[: len(wanted) - 1] == wanted[:-1]
    return len(wanted) == len(parts) and all(w in ("+", p) for w, p in zip(wanted, parts, strict=True))


def test_the_topics_are_those_of_the_design() -> None:
    assert topics.topic("halong", "HL-E01", Stream.LIVE) == "haidang/v1/halong/HL-E01/live"
    assert topics.topic("halong", "HL-E01", Leaf.COMMAND) == "haidang/v1/halong/HL-E01/command"
    assert topics.everything("halong") == "haidang/v1/halong/#"
    assert topics.to_one_edge("halong", "HL-E01") == [
        "haidang/v1/halong/HL-E01/watermark",
        "haidang/v1/halong/HL-E01/command",
        "haidang/v1/halong/HL-E01/desired",
        "haidang/v1/halong/HL-E01/audit_head",
    ]


@given(ids, ids, leaves)
def test_a_topic_comes_apart_as_it_was_put_together(site: str, edge: str, leaf: Stream | Leaf) -> None:
    assert topics.parse(topics.topic(site, edge, leaf)) == Address(site, edge, leaf)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "haidang/v1/halong/HL-E01",
        "haidang/v1/halong/HL-E01/live/more",
        "haidang/v1/halong/HL-E01/other",
        "haidang/v1/halong/HL-E01/",
        "haidang/v2/halong/HL-E01/live",
        "/haidang/v1/halong/HL-E01/live",
        "haidang/v1/ha long/HL-E01/live",
        "haidang/v1/halong/+/live",
        "haidang/v1/halong/#",
        "haidang/v1/halong/HL-E01\n/live",
    ],
)
def test_what_is_not_one_of_ours_is_refused(text: str) -> None:
    with pytest.raises(NotATopic):
        topics.parse(text)


@given(st.text(max_size=80))
def test_any_text_with_too_few_parts_is_refused(text: str) -> None:
    with pytest.raises(NotATopic):
        topics.parse("haidang/v1/" + text.replace("/", ""))


@given(ids, ids, ids)
def test_an_edge_can_only_write_under_its_own_name(site: str, edge: str, other: str) -> None:
    for topic in topics.edge_may_write(site, edge):
        address = topics.parse(topic)
        assert (address.site, address.edge) == (site, edge)
        assert any(matches(f, topic) for f in topics.from_every_edge(site))
        assert not any(matches(f, topic) for f in topics.cloud_may_write(site))
        assert (topic in topics.edge_may_write(site, other)) == (edge == other)


@given(ids, ids)
def test_the_cloud_can_write_what_an_edge_listens_to_and_no_more(site: str, edge: str) -> None:
    every = [topics.topic(site, edge, leaf) for leaf in (*Stream, *Leaf)]
    writable = [topic for topic in every if any(matches(f, topic) for f in topics.cloud_may_write(site))]
    assert sorted(writable) == sorted(topics.to_one_edge(site, edge))
    assert all(matches(topics.everything(site), topic) for topic in every)


def test_events_go_before_live_and_live_before_backlog() -> None:
    assert topics.STREAMS == (Stream.EVENT, Stream.LIVE, Stream.BACKLOG)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("HL-E01", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("", False),
        ("Hạ_Long", False),
        ("a\n", False),
        ("a/b", False),
    ],
)
def test_an_id_fits_every_topic_tag_and_file_name(text: str, good: bool) -> None:
    assert is_id(text) is good
