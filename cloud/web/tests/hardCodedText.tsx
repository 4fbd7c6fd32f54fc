/** What the i18n test must catch: a text and an attribute that stand in the markup themselves. */
export function HardCodedText() {
  return <p title="also seen">seen</p>;
}
