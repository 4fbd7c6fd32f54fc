"""Light on its way from a planner's mouse to the lamps, and the list of these lamps, in a real browser."""

import pytest
from playwright.async_api import FilePayload, Locator, expect

from cloud.people.rights import Role
from protocols.light import LIGHT
from tests.cloud.cities import lamp_id, small_city
from tests.cloud.light.plans import group, plan, programme, save, takes
from tests.cloud.serving import PASSWORD
from tests.unit.rules.tables import as_csv, rows_of
from tests.waiting import until, until_async
from tests.web.barriers import barriers
from tests.web.office import Desk, Office

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TWENTY_PERCENT_PX = 8  # a curve is 40 pixels high


async def test_a_step_is_drawn_approved_sent_and_held(office: Office) -> None:
    service = office.service
    async with service.signed_in(Role.PLANNER) as planner, service.signed_in(Role.SHIFT_LEAD) as lead:
        (
            await save(planner, plan(group("all", {}), programmes=(programme("p", {"at": "18:50", "level": 80}),)))
        ).raise_for_status()
        async with office.desk() as desk:
            await desk.come_in("planner", "light")
            await desk.page.locator(".row-head").click()
            await refuses_a_light_by_day(desk)
            await draws(desk, desk.page.locator('.grip.level[data-step="1"]'), down=2 * TWENTY_PERCENT_PX)
            await expect(desk.page.locator('[data-step="1"] input[name=level]')).to_have_value("40")
            await desk.press("light.save")
            await expect(desk.page.locator(".save-state")).to_contain_text("planner")
            await proposes(desk)
        async with office.desk() as desk:
            await desk.come_in("shift_lead", "light")
            await desk.press("light.releases")
            await desk.press("light.release_agree")
            await desk.press("light.release_send")
            await desk.confirm(PASSWORD)
            release = desk.page.locator('[data-release="1"][data-state="sent"]')
            await expect(release).to_contain_text(desk.says("light.edges_held", held="0", all="2"))
            edges, wanted = small_city().edges, service.parts.documents.wanted
            await until(lambda: all(wanted(edge, LIGHT) for edge in edges))
            for edge in edges:
                takes(service, service.parts.clock, edge)
            await expect(release).to_contain_text(desk.says("light.edges_held", held="2", all="2"))

        async def is_planned() -> bool:
            shown = (await lead.get(f"/api/v1/luminaires/{lamp_id(1)}")).json()
            return (shown["planned_level"], shown["planned_source"]) == (40.0, "p")

        await until_async(is_planned, every_s=0.1)


async def refuses_a_light_by_day(desk: Desk) -> None:
    """What burns by day is said at its step, in words of both languages, and cannot be saved."""
    last = desk.page.locator('.plan-step[data-step="2"]')
    await last.locator("input[name=level]").fill("60")
    await expect(last).to_contain_text("Sáng cả ban ngày")
    await expect(desk.page.get_by_role("button", name=desk.says("light.save"), exact=True)).to_be_disabled()
    await desk.page.get_by_role("button", name="English").click()
    await expect(last).to_contain_text("It burns by day")
    assert await barriers(desk.page) == []
    await desk.page.get_by_role("button", name="Tiếng Việt").click()
    await desk.press("light.undo")
    await expect(last).not_to_contain_text("Sáng cả ban ngày")


async def draws(desk: Desk, grip: Locator, down: int) -> None:
    """Drag a grip of a curve by so many pixels."""
    box = await grip.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await desk.page.mouse.move(x, y)
    await desk.page.mouse.down()
    await desk.page.mouse.move(x, y + down, steps=2)
    await desk.page.mouse.up()


async def proposes(desk: Desk) -> None:
    """The draft, with a reason; the one who proposes it cannot approve it."""
    await desk.press("light.releases")
    await desk.press("light.propose")
    await desk.page.locator("dialog input[name=reason]").fill("Quý IV")
    await desk.press("confirm.go")
    await expect(desk.page.locator('[data-release="1"]')).to_contain_text(desk.says("light.needs_another"))


async def test_a_table_with_mistakes_is_refused_by_row_and_column_and_the_mended_one_goes_in(office: Office) -> None:
    rows = rows_of(small_city().luminaires)
    rows[1] |= {"cabinet": "HL-TC02", "road_class": "M7"}
    async with office.service.signed_in(Role.PLANNER), office.desk() as desk:
        await desk.come_in("planner", "lamps")
        await chooses_three(desk)
        await desk.press("lamps_tab.files")
        await gives(desk, as_csv(rows))
        cabinet = desk.page.locator('tr[data-row="3"][data-column="cabinet"]')
        road_class = desk.page.locator('tr[data-row="3"][data-column="road_class"]')
        await expect(cabinet).to_contain_text("Không có tủ HL-TC02. Có phải là HL-TC002?")
        await expect(road_class).to_contain_text("Không có cấp đường M7")
        await desk.page.get_by_role("button", name="English").click()
        await expect(cabinet).to_contain_text("There is no cabinet HL-TC02. Did you mean HL-TC002?")
        await expect(road_class).to_contain_text("There is no road class M7")
        assert await barriers(desk.page) == []
        await expect(desk.page.locator(".import-counts ~ .primary")).to_have_count(0)
        await desk.page.get_by_role("button", name="Tiếng Việt").click()
        rows[1] |= {"cabinet": "HL-TC002", "road_class": "M3"}
        await gives(desk, as_csv(rows))
        await desk.press("fleet.import_go", n="1")
        await expect(desk.page.locator(".notice")).to_contain_text("phiên bản 2")
    assert office.service.parts.renewal.is_asked


async def chooses_three(desk: Desk) -> None:
    """By a press on one row and a press with shift two rows further."""
    rows = desk.page.locator(".lamp-rows tbody tr")
    await rows.nth(1).click()
    await rows.nth(3).click(modifiers=["Shift"])
    await expect(desk.page.locator(".chosen-bar strong")).to_have_text(desk.says("lamps.chosen", n="3"))


async def gives(desk: Desk, content: bytes) -> None:
    """Choose a file of lamps."""
    file = FilePayload(name="lamps.csv", mimeType="text/csv", buffer=content)
    await desk.page.locator("input[type=file]").first.set_input_files(file)
