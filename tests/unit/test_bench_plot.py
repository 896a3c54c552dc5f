"""What the bench draws."""

from xml.etree import ElementTree as ET

from bench.plot import columns

SVG = "{http://www.w3.org/2000/svg}"
GROUPS = {"100": {"ours": 4.0, "node": 8.0}, "1,000": {"ours": 3.0, "node & more": 16.0}}


def test_each_value_has_a_column_as_high_as_it_is_large() -> None:
    picture = ET.fromstring(columns("Costs", "µs", "sockets", GROUPS))  # noqa: S314 - it was made here
    drawn = [rect for rect in picture.iter(f"{SVG}rect") if "height" in rect.attrib and rect.get("height") != "12"][1:]
    heights = [float(rect.attrib["height"]) for rect in drawn]
    assert [round(height / heights[0], 2) for height in heights] == [1, 2, 0.75, 4]


def test_the_picture_names_what_it_shows() -> None:
    picture = ET.fromstring(columns("Costs", "µs", "sockets", GROUPS))  # noqa: S314 - it was made here
    texts = {text.text for text in picture.iter(f"{SVG}text")}
    assert {"Costs", "µs", "sockets", "ours", "node", "node & more", "100", "1,000"} <= texts
