"""Lamp out: the tests of the rule's own file, and what must hold for every series of samples."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.config import ConfigError, load
from protocols.inventory import LuminaireType
from protocols.readings import Quality, Reading
from rules import alarms
from rules.alarms import Event
from rules.expected_power import expected_power
from rules.lamp_out import Change, Expectation, LampOut, Observation, State, library, observe, reason, step

RULE = library()["lamp_out"]
LED_100 = LuminaireType(id="LED-100", rated_power_w=100, expected_power=((0.5, 6), (50, 50), (100, 100)), warm_up_s=0)

GOOD = Observation(at=0, level=100, active_power=41, voltage=230, expected_power=41)


def series(text: str, length: int) -> list[float | None]:
    numbers = [None if word == "_" else float(word) for word in text.split()]
    return numbers * length if len(numbers) == 1 else numbers


def observations(test: Expectation, rule: LampOut) -> Iterator[tuple[timedelta, Observation | None]]:
    """The samples of a test, with the time of each; a sample without a power is not there at all."""
    power = series(test.active_power, 1)
    levels, voltages = series(test.actual_level, len(power)), series(test.voltage, len(power))
    for n, (watts, level, voltage) in enumerate(zip(power, levels, voltages, strict=True)):
        at = n * test.every
        expected = None if level is None else expected_power(rule.expected_power, level)
        seconds, warm_up = int(at.total_seconds()), test.warm_up.total_seconds()
        missing = watts is None
        yield at, None if missing else Observation(seconds, level, watts, voltage, expected, warm_up)


def episode_states(test: Expectation, rule: LampOut) -> dict[timedelta, str]:
    """Where the episode of the lamp stands after each sample."""
    lamp, episode, found = State(), alarms.State.NORMAL, {}
    for at, observation in observations(test, rule):
        if observation is not None:
            lamp, change = step(lamp, observation, rule)
            episode = alarms.after(episode, change.event) if change else episode
        found[at] = str(episode)
    return found


@pytest.mark.parametrize("test", RULE.tests, ids=lambda test: test.says)
def test_the_rule_keeps_what_its_own_file_promises(test: Expectation) -> None:
    found = episode_states(test, RULE)
    assert {at: found[at] for at in test.expect} == test.expect


def run(samples: Iterable[Observation], state: State | None = None) -> tuple[State, list[Change]]:
    state, changes = state or State(), []
    for sample in samples:
        state, change = step(state, sample, RULE)
        changes += [change] if change else []
    return state, changes


GAPS = st.sampled_from([10, 30, 60, 60, 60, 300, 900, 901, 3600])
LEVELS = st.sampled_from([None, 0.0, 5.0, 50.0, 100.0, 100.0, 100.0])
POWERS = st.sampled_from([None, 0.0, 0.0, 0.0, 0.0, 8.19, 8.2, 41.0])
VOLTAGES = st.sampled_from([None, 0.0, 230.0, 230.0, 230.0, 230.0])
RELAYS = st.sampled_from([0, 0, 120])


@st.composite
def samples(draw: st.DrawFn, most: int = 40) -> list[Observation]:
    at, found = 1_700_000_000, []
    for gap in draw(st.lists(GAPS, max_size=most)):
        at += gap
        level, power, voltage = draw(LEVELS), draw(POWERS), draw(VOLTAGES)
        expected = None if level is None else expected_power(RULE.expected_power, level)
        found.append(Observation(at, level, power, voltage, expected, draw(RELAYS)))
    return found


@given(samples())
def test_raised_and_returned_take_turns(found: list[Observation]) -> None:
    state, changes = run(found)
    assert [c.event for c in changes] == [(Event.RAISED, Event.RETURNED)[n % 2] for n in range(len(changes))]
    assert state.raised is (len(changes) % 2 == 1)


@given(samples(), st.data())
def test_a_restart_in_the_middle_of_a_hold_changes_nothing(found: list[Observation], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(found)))
    state, before = run(found[:cut])
    saved = json.dumps(asdict(state))
    state, after = run(found[cut:], State(**json.loads(saved)))
    assert (state, before + after) == run(found)


@given(samples(), samples(8), st.data())
def test_late_and_doubled_samples_change_nothing(
    found: list[Observation], late: list[Observation], data: st.DataObject
) -> None:
    state, _ = run(found)
    old = [replace(o, at=data.draw(st.integers(0, state.at))) for o in late if state.at is not None]
    assert run(old, state) == (state, [])


@given(samples(), st.lists(st.integers(1, 10**5), max_size=10))
def test_what_is_not_known_never_raises_and_never_clears(found: list[Observation], gaps: list[int]) -> None:
    state, _ = run(found)
    for n, gap in enumerate(gaps):
        unknown = replace(GOOD, at=(state.at or 0) + gap, active_power=0 if n % 2 else None, voltage=None)
        state, change = step(state, unknown, RULE)
        assert change is None


@given(samples())
def test_every_raised_lamp_has_been_without_power_for_the_hold_and_two_samples(found: list[Observation]) -> None:
    _, changes = run(found)
    for change in (c for c in changes if c.event is Event.RAISED):
        dead = [o for o in found if o.at <= change.at and o.at > change.at - 24 * 3600 and o.active_power is not None]
        dead = [
            o
            for o in dead
            if o.expected_power and o.active_power is not None and o.active_power < 0.2 * o.expected_power
        ]
        assert len(dead) >= 2
        assert dead[-1].at == change.at
        assert change.at - dead[0].at >= 300


@settings(max_examples=50)
@given(st.integers(10, 900), st.integers(0, 10**9))
def test_a_dead_lamp_is_found_at_the_first_sample_after_the_hold(every: int, start: int) -> None:
    dead = [replace(GOOD, at=start + n * every, active_power=0.4) for n in range(60)]
    _, changes = run(dead)
    assert [(c.event, c.at) for c in changes] == [(Event.RAISED, start + max(1, -(-300 // every)) * every)]


@given(st.integers(10, 900), st.floats(8.21, 1000))
def test_a_lamp_that_takes_a_fifth_of_its_power_is_never_out(every: int, power: float) -> None:
    assert run([replace(GOOD, at=n * every, active_power=power) for n in range(60)])[1] == []


def test_the_same_second_twice_counts_once() -> None:
    first = step(State(), replace(GOOD, active_power=0), RULE)[0]
    assert step(first, replace(GOOD, active_power=0), RULE) == (first, None)


def test_a_rule_may_ask_for_more_samples_than_two() -> None:
    rule = RULE.model_copy(update={"min_samples": 3})
    state = State()
    for n, event in enumerate((None, None, Event.RAISED)):
        state, change = step(state, replace(GOOD, at=n * 600, active_power=0), rule)
        assert (change.event if change else None) is event


def test_the_state_is_a_handful_of_plain_numbers() -> None:
    assert all(value is None or type(value) in (int, bool) for value in asdict(run([GOOD])[0]).values())


READING = Reading(
    "HL-1", "luminaire", 100, {"actual_level": 50, "target_level": 60, "active_power": 2, "voltage": 230.1}
)


def test_a_reading_is_measured_by_the_curve_of_its_type() -> None:
    assert observe(READING, LED_100) == Observation(100, 50, 2, 230.1, 50, 0)


def test_a_lamp_that_does_not_tell_its_level_is_measured_by_the_commanded_one() -> None:
    reading = replace(READING, values={**READING.values, "actual_level": None})
    assert observe(reading, LED_100).level == 60


@pytest.mark.parametrize("flag", [Quality.SUSPECT, Quality.FAIL, Quality.MISSING])
def test_a_value_with_a_bad_flag_says_nothing(flag: Quality) -> None:
    reading = replace(READING, flags={"active_power": flag, "voltage": flag})
    assert (observe(reading, LED_100).active_power, observe(reading, LED_100).voltage) == (None, None)


def test_a_value_that_nobody_evaluated_is_believed() -> None:
    assert observe(replace(READING, flags={"active_power": Quality.NOT_EVALUATED}), LED_100).active_power == 2


def test_a_quantity_that_was_not_read_says_nothing() -> None:
    assert observe(Reading("HL-1", "luminaire", 100, {}), LED_100) == Observation(100, None, None, None, None, 0)


def test_the_reason_names_the_figures_in_both_languages() -> None:
    said = reason(RULE, replace(GOOD, level=50.0, active_power=0.4, expected_power=22.0, voltage=229.6))
    assert said.en == "The lamp should burn at 50 % and take about 22 W, but for 5 min it took 0 W, with 230 V present."
    assert said.vi == (
        "Đèn phải sáng 50 % và tiêu thụ khoảng 22 W, nhưng 5 phút liền chỉ đo được 0 W; điện áp vẫn có 230 V."
    )


def test_a_placeholder_that_nobody_fills_is_refused() -> None:
    text = (
        "rule: lamp_out\npriority: 3\nbelow_share: 0.2\nmin_level: 10\ndead_feeder_below_v: 50\nhold: 5m\n"
        "clear_after: 1m\nmin_samples: 2\nlongest_gap: 15m\ntitle: {vi: a, en: a}\nreason: {vi: a, en: '{weather}'}\n"
        "advice: {vi: a, en: a}\nexpected_power: [[0, 0], [100, 41]]\n"
        "tests: [{says: a, every: 1m, active_power: '0', expect: {0m: normal}}]\n"
    )
    with pytest.raises(ConfigError) as error:
        load(text, "lamp_out.yaml", LampOut)
    assert str(error.value) == (
        "lamp_out.yaml:11: reason: unknown placeholder {weather}; there are expected level minutes power voltage"
    )
