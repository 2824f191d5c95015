"""Values of Pulumi's SDK and plain ones; and each fault of it that plugin/sdk.py works around, as long as it has it."""

import pulumi
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.output import UNKNOWN
from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.provider.experimental.provider import DiffResponse, Provider
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime import proto, rpc

from plugin.sdk import all_marked, mended, plain, plains, secrets, settled
from tests.support.loops import finished

OUTPUT = {rpc._special_sig_key: rpc._special_output_value_sig}


def wire(**values: object) -> Struct:
    """Values as they come."""
    made = Struct()
    made.update(values)
    return made


def test_unknown_output_can_be_read():
    """Pulumi sends it without a value; in a list, too."""
    inputs = wire(address=OUTPUT, ranges=[{**OUTPUT, "dependencies": ["urn"]}], known={**OUTPUT, "value": "a"})

    assert {"address": UNKNOWN, "ranges": [UNKNOWN], "known": "a"} == plains(
        PropertyValue.unmarshal_map(mended(inputs))
    )


def test_marks_of_an_output_are_kept():
    """What it comes from, and that it is a secret."""
    output = {**OUTPUT, "value": "a", "dependencies": ["urn"], "secret": True}
    (value,) = PropertyValue.unmarshal_map(mended(wire(address=output))).values()

    assert ({"urn"}, [()]) == (value.all_dependencies(), [*secrets(value)])


def test_values_come_back_as_they_were():
    """Whole numbers are no floats, absent values are left out, and what is unknown is the wire's word for it."""
    values = {"a": 1, "b": 1.5, "c": True, "d": [UNKNOWN, {"e": "f"}]}
    marked = all_marked(values | {"absent": None})

    assert values == plains(PropertyValue.unmarshal_map(PropertyValue.marshal_map(marked)))
    assert rpc.UNKNOWN == PropertyValue.marshal_map(marked).fields["d"].list_value.values[0].string_value


def test_keys_are_in_one_order():
    """A second preview would show the same hosts in another order as a change."""
    hosts = {"w1": PropertyValue("198.51.100.12"), "m1": PropertyValue("198.51.100.11")}

    assert ["m1", "w1"] == [*plain(PropertyValue(hosts))]


def test_secrets_are_found_wherever_they_are():
    """By their places."""
    values = {"a": PropertyValue([PropertyValue("x"), PropertyValue("y", is_secret=True)]), "b": PropertyValue("z")}

    assert [("a", 1)] == [*secrets(values)]


def test_outputs_settle():
    """Each in its place, known or not."""

    async def read() -> object:
        unknown = pulumi.Output.from_input(UNKNOWN)
        return await settled({"a": [pulumi.Output.from_input("x"), unknown], "b": 1})

    assert {"a": ["x", UNKNOWN], "b": 1} == finished(read())


@pytest.mark.parametrize(
    ("error", "output"),
    [
        (ValueError, OUTPUT),
        (UnboundLocalError, {**OUTPUT, "value": "a", "dependencies": []}),
        (UnboundLocalError, {**OUTPUT, "value": "a", "secret": False}),
    ],
    ids=["without a value", "without secret", "without dependencies"],
)
def test_sdk_still_reads_no_such_output(error: type[Exception], output: dict[str, object]):
    """`mended` is no longer needed where this fails."""
    with pytest.raises(error):
        PropertyValue.unmarshal_map(wire(address=output))


def test_sdk_still_writes_nothing_unknown():
    """`marked` could use its class where this fails."""
    with pytest.raises(ValueError, match="Unsupported value type"):
        PropertyValue(Computed()).marshal()


def test_sdk_still_cannot_say_that_a_configuration_changed():
    """`diff_config` is left alone, so that Pulumi itself compares; it could be answered where this fails."""

    class Changed(Provider):
        async def diff_config(self, request):
            return DiffResponse(changes=True)

    request = proto.DiffRequest(olds=Struct(), news=Struct())
    with pytest.raises(Exception, match="Value out of range"):
        finished(ProviderServicer([], "0", Changed(), "").DiffConfig(request, None))
