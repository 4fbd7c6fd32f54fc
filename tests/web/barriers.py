"""What keeps people from using a page."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_SCRIPT = Axe().axe_script
_FIND = """async () => {
  const wcag = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];
  const found = await axe.run({ runOnly: wcag, resultTypes: ["violations"] });
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes[0].html}`);
}"""


async def barriers(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA. A page is given its script once."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_SCRIPT)
    found: list[str] = await page.evaluate(_FIND)
    return found
