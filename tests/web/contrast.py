"""Whether a page can be read: WCAG 2.2, success criterion 1.4.3."""

CONTRAST = """
const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
function ground(found) {
  if (!found) return [255, 255, 255];
  const [r, g, b, a = 1] = parse(getComputedStyle(found).backgroundColor);
  if (a === 1) return [r, g, b];
  return ground(found.parentElement).map((under, i) => under * (1 - a) + [r, g, b][i] * a);
}
return [...document.querySelectorAll('body *')].filter((found) => found.checkVisibility() && !found.disabled
  && [...found.childNodes].some((child) => child.nodeType === 3 && child.data.trim())).map((found) => {
    const [one, two] = [light(parse(getComputedStyle(found).color)), light(ground(found))].sort((a, b) => b - a);
    return [(one + 0.05) / (two + 0.05), found.outerHTML.slice(0, 100)];
  }).filter(([ratio]) => ratio < 4.5)
"""
"""A script that gives the texts whose contrast to what is behind them is below 4.5:1, each with the ratio."""
