"""Reading what `pulumi preview --json` wrote."""

import pytest

from providers.explain.report.preview import NotAPreview, Preview, State


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty: `pulumi preview --json` ended before it began"),
        (" \n", "it is empty"),
        ('{"sequence":1,"timestamp":2}\n{"sequence":2}', "unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW"),
        ("Previewing update (prod)", "not what `pulumi preview --json` writes: it: invalid json"),
        ("[]", "not what `pulumi preview --json` writes: it: "),
        ("{}", "it has neither steps nor diagnostics"),
        ('{"steps": [{"op": "same"}]}', "steps.0.urn: field required"),
        (b"\xff\xfe", "not what `pulumi preview --json` writes"),
    ],
)
def test_anything_else_is_refused(text, says):
    """One line says what to do."""
    with pytest.raises(NotAPreview) as refused:
        Preview.parse(text)

    assert says in str(refused.value)
    assert 1 == len(str(refused.value).splitlines())


def test_absent_parts_are_empty():
    """Pulumi writes null for some of them."""
    found = Preview.parse('{"steps": [{"op": "create", "urn": "a::b::c::d", "newState": {"inputs": null}}]}')

    assert (State(), ()) == (found.steps[0].new, found.diagnostics)


def test_owner_and_name_are_in_the_urns():
    """The owner is `<project>/<stack>`; only the first three parts have a meaning of their own, the rest is a name."""
    found = Preview.parse('{"steps": [{"op": "create", "urn": "urn:pulumi:s::p::t::a::b"}]}')

    assert ("p/s", "a::b") == (found.owner, found.steps[0].name)
