"""The table of requirements says what is proven, what failed and what has no test."""

import requirements_table as table

REPORT = """<testsuites><testsuite name="pytest">
<testcase classname="exact_connector.tests.test_a.TestA" name="test_r01_r2_connect"/>
<testcase classname="tests.test_b" name="test_r2_r58_more[nl]"><failure>no</failure></testcase>
<testcase classname="tests.test_b" name="test_r3_kept"><skipped/></testcase>
<testcase classname="tests.test_b" name="test_w10_desk"/>
<testcase classname="tests.test_b" name="test_rates_are_no_requirement"/>
</testsuite></testsuites>"""


GLUE = """<testsuites><testsuite name="pytest">
<testcase classname="exact_connector_x.tests.test_hours.TestHours" name="test_r44_hours"/>
</testsuite></testsuites>"""


def proofs(tmp_path):
    (tmp_path / "plain.xml").write_text(REPORT)
    (tmp_path / "glue.xml").write_text(GLUE)
    return table.write(tmp_path)


def test_numbers_stand_at_the_beginning_of_a_name():
    assert table.numbers_of("test_r01_r58_w3_something_r7") == ["R1", "R58", "W3"]
    assert table.numbers_of("test_reads_r1_later") == []


def test_a_requirement_is_proven_by_tests_that_passed_only(tmp_path):
    found = proofs(tmp_path)
    assert {number: found[number].result for number in ("R1", "R2", "R3", "R4", "R44", "W10")} == {
        "R1": "passed",
        "R2": "FAILED",
        "R3": "skipped",
        "R4": "NO TEST",
        "R44": "passed",
        "W10": "passed",
    }
    lacking = [number for number, proof in found.items() if proof.is_lacking]
    assert "R1" not in lacking
    assert "R44" not in lacking
    assert "W1" not in lacking
    assert "W15" in lacking
    assert {"R2", "R3", "R4", "R58"} <= set(lacking)


def test_the_table_names_every_test_and_the_line_every_gap(tmp_path):
    found = proofs(tmp_path)
    text = (tmp_path / "requirements.md").read_text()
    assert "| R1 | Connect opens" in text
    assert "test_a: `test_r01_r2_connect`" in text
    assert "`test_r2_r58_more[nl]` **failed**" in text
    line = table.summary(found)
    assert f"2 of {len(table.ASKED)} proven" in line
    assert "test_hours: `test_r44_hours`" in text
    assert "R2, R3, R4" in line
