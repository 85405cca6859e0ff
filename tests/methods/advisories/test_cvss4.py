"""CVSS 4.0 held against the reference scores that FIRST publishes for validating calculators, and the specification's own examples.

https://github.com/FIRSTdotorg/cvss-resources (vectorFiles); sections 7 and 8 of the specification.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.advisories import cvss, cvss4, gravity

# The highest vectors of MacroVectors, then vectors with threat, environment and supplemental metrics.
REFERENCE = """
AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:P/CR:H/IR:H/AR:H/MSI:S/MSA:S 9.8
AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:L/SI:L/SA:L/E:U/CR:H/IR:H/AR:H 8.1
AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:H/SC:L/SI:L/SA:L/E:U/CR:M/IR:H/AR:M 3.0
AV:N/AC:L/AT:P/PR:N/UI:N/VC:L/VI:L/VA:L/SC:H/SI:H/SA:H/E:U/CR:H/IR:H/AR:H 2.9
AV:A/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:L/SI:L/SA:L/E:P/CR:H/IR:H/AR:H 6.8
AV:P/AC:L/AT:N/PR:L/UI:A/VC:N/VI:H/VA:L/SC:H/SI:H/SA:H/E:P/CR:H/IR:H/AR:H/MAV:A/MAC:X/MAT:N/MPR:X/MUI:X/MVC:N/MVI:H/MVA:H/MSC:N/MSI:H/MSA:S/S:N/AU:X/R:I/V:X/RE:M/U:Clear 7.1
AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:H/SI:L/SA:L/E:A/CR:H/IR:X/AR:H/MAV:P/MAC:X/MAT:X/MPR:H/MUI:A/MVC:H/MVI:X/MVA:X/MSC:L/MSI:L/MSA:H/S:X/AU:Y/R:A/V:X/RE:L/U:Green 7.0
AV:N/AC:H/AT:N/PR:N/UI:P/VC:N/VI:N/VA:H/SC:H/SI:N/SA:N/E:A/CR:M/IR:X/AR:M/MAV:N/MAC:L/MAT:P/MPR:N/MUI:A/MVC:L/MVI:X/MVA:H/MSC:H/MSI:N/MSA:L/S:N/AU:N/R:A/V:X/RE:L/U:Red 5.7
AV:L/AC:H/AT:P/PR:H/UI:N/VC:N/VI:H/VA:L/SC:L/SI:H/SA:N/E:U/CR:X/IR:L/AR:H/MAV:P/MAC:L/MAT:P/MPR:X/MUI:A/MVC:N/MVI:X/MVA:X/MSC:L/MSI:H/MSA:X/S:N/AU:X/R:X/V:C/RE:H/U:Amber 0.6
AV:P/AC:L/AT:N/PR:H/UI:A/VC:H/VI:L/VA:H/SC:N/SI:N/SA:L/E:X/CR:X/IR:H/AR:M/MAV:P/MAC:L/MAT:N/MPR:H/MUI:N/MVC:N/MVI:N/MVA:L/MSC:N/MSI:L/MSA:S/S:X/AU:Y/R:X/V:C/RE:L/U:Clear 6.0
AV:A/AC:L/AT:N/PR:N/UI:P/VC:N/VI:H/VA:H/SC:H/SI:N/SA:L/E:A/CR:H/IR:M/AR:M/MAV:N/MAC:X/MAT:P/MPR:X/MUI:A/MVC:H/MVI:L/MVA:L/MSC:X/MSI:S/MSA:L/S:P/AU:X/R:X/V:C/RE:L/U:Clear 8.6
AV:N/AC:L/AT:P/PR:H/UI:N/VC:H/VI:L/VA:L/SC:H/SI:H/SA:H/E:X/CR:L/IR:L/AR:X/MAV:L/MAC:H/MAT:P/MPR:L/MUI:A/MVC:N/MVI:N/MVA:X/MSC:H/MSI:L/MSA:S/S:P/AU:N/R:U/V:X/RE:L/U:Green 4.8
AV:N/AC:H/AT:P/PR:L/UI:A/VC:L/VI:L/VA:H/SC:L/SI:N/SA:L/E:U/CR:X/IR:H/AR:M/MAV:L/MAC:X/MAT:P/MPR:H/MUI:X/MVC:L/MVI:N/MVA:N/MSC:L/MSI:S/MSA:H/S:N/AU:X/R:U/V:D/RE:H/U:Red 1.1
AV:P/AC:H/AT:P/PR:N/UI:N/VC:L/VI:N/VA:H/SC:N/SI:H/SA:H/E:U/CR:M/IR:H/AR:X/MAV:A/MAC:L/MAT:P/MPR:H/MUI:N/MVC:X/MVI:X/MVA:X/MSC:N/MSI:H/MSA:X/S:N/AU:N/R:X/V:C/RE:M/U:Clear 3.6
AV:P/AC:H/AT:N/PR:L/UI:P/VC:H/VI:N/VA:N/SC:L/SI:L/SA:L/E:A/CR:X/IR:M/AR:X/MAV:L/MAC:L/MAT:X/MPR:N/MUI:P/MVC:N/MVI:N/MVA:H/MSC:L/MSI:S/MSA:H/S:N/AU:Y/R:U/V:X/RE:M/U:Amber 9.2
AV:N/AC:L/AT:P/PR:N/UI:N/VC:N/VI:L/VA:L/SC:L/SI:N/SA:L/E:A/CR:L/IR:M/AR:X/MAV:L/MAC:L/MAT:N/MPR:X/MUI:N/MVC:H/MVI:H/MVA:X/MSC:L/MSI:H/MSA:H/S:N/AU:X/R:X/V:X/RE:X/U:Green 8.7
AV:N/AC:L/AT:P/PR:N/UI:P/VC:L/VI:H/VA:H/SC:H/SI:N/SA:L/E:P/CR:X/IR:L/AR:H/MAV:N/MAC:X/MAT:P/MPR:N/MUI:N/MVC:X/MVI:N/MVA:N/MSC:H/MSI:S/MSA:X/S:X/AU:Y/R:A/V:X/RE:X/U:Clear 7.2
"""  # noqa: E501
INVALID = (  # section 7: each is given there as an example of what is no vector
    "CVSS:4.0/AV:F/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N/E:A/E:X",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/ui:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
    "AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/SC:N/SI:N/SA:N",
    "CVSS:4.0/AC:L/AV:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N/CR:L/IR:X/AR:L/RE:H/MAV:A/MAC:H/MAT:N/MPR:N/MUI:P/AT:N",
)
GRAVEST = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


@pytest.mark.parametrize("line", REFERENCE.strip().splitlines())
def test_reference_scores(line):
    vector, _, score = line.partition(" ")
    assert cvss4.score(f"CVSS:4.0/{vector}") == float(score)


@pytest.mark.parametrize("vector", INVALID)
def test_what_the_specification_calls_invalid_has_no_score(vector):
    assert cvss4.score(vector) is None


def test_each_macrovector_is_worth_what_its_highest_vector_is_worth():
    """The 270 of section 8.3: none is interpolated at its highest vector."""
    table = cvss4._table()
    assert len(table) == 270 and table[0, 0, 0, 0, 0, 0] == 10.0 and table[2, 1, 2, 2, 2, 1] == 0.1
    for (one, two, three, four, five, six), score in table.items():
        parts = [f"EQ1:{one}", f"EQ2:{two}", f"EQ3:{three}{six}", f"EQ4:{four}"]
        told = dict(m.split(":") for p in parts for m in cvss4._HIGHEST[p][0].split("/"))
        told |= {"E": "APU"[five]} | {f"M{m}": told[m] for m in ("SI", "SA") if told[m] == "S"}
        told |= {m: "H" for m in ("SI", "SA") if told[m] == "S"}
        vector = cvss4.PREFIX + "/".join(f"{m}:{told[m]}" for m in cvss4._VALUES if m in told)
        assert cvss4.score(vector) == score, vector


def test_no_impact_is_no_score():
    assert cvss4.score("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N") == 0.0


@given(st.data())
def test_a_graver_value_never_lowers_a_score(data):
    """Monotone: the scale has no vector that is worth more than one which is graver in every metric."""
    told = {m: data.draw(st.sampled_from(cvss4._VALUES[m])) for m in cvss4._BASE}
    name = data.draw(st.sampled_from(cvss4._BASE))
    graver = {**told, name: cvss4._VALUES[name][0]}

    def written(m):
        return cvss4.PREFIX + "/".join(f"{k}:{v}" for k, v in m.items())

    low, high = cvss4.score(written(told)), cvss4.score(written(graver))
    assert 0.0 <= low <= high <= 10.0


def test_both_versions_are_told_and_the_graver_counts():
    third = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
    record = {"severity": [{"type": "CVSS_V3", "score": third}, {"type": "CVSS_V4", "score": GRAVEST}]}
    found = gravity.of(record, {})
    assert (found.word, found.score) == ("critical", 9.3)
    assert found.scores == (("4.0", 9.3), ("3.1", 7.5)) and cvss.version(found.vector) == "4.0"
