"""Any plan that was approved makes documents that an edge can take."""

from datetime import UTC, date, datetime

from protocols.light import LightPlan
from rules.light_documents import Occasion, Sent, documents
from tests.cloud.cities import lamp_id, small_city
from tests.cloud.light.plans import group, plan

OCCASION = Occasion(datetime(2026, 11, 21, 12, tzinfo=UTC), date(2026, 11, 21), burnt_h={lamp_id(1): 0.0})


def test_the_smallest_virtual_output_is_one_that_an_edge_can_take() -> None:
    wanted = LightPlan.model_validate(plan(group("all", {}, virtual_output=1e-9, constant_output=True)))
    sent, city = Sent(1, wanted, {"all": [lamp_id(1), lamp_id(2)]}, "somebody"), small_city()
    made = dict(documents(sent, city, city.edges, OCCASION))
    assert {lamp: output for one in made.values() for some in one.sets for lamp, output in some.lamps.items()} == {
        lamp_id(1): 0.01,
        lamp_id(2): 0.01,
    }


def test_an_edge_knows_its_relays_also_where_they_stand_in_no_group() -> None:
    city = small_city()
    kinds = tuple(kind.model_copy(update={"control": "relay"}) for kind in city.luminaire_types)
    switched = city.model_copy(update={"luminaire_types": kinds})
    made = dict(documents(Sent(1, LightPlan(), {}, "somebody"), switched, city.edges, OCCASION))
    assert sorted(lamp for one in made.values() for lamp in one.relays) == sorted(lamp.id for lamp in city.luminaires)
    assert len(made) > 1
