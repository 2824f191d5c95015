"""Plain values from the SDK's and back, and what its experimental provider gets wrong, each with its place.

Plain values are as JSON has them, with `UNKNOWN` for what is not known yet; whole numbers are ints, which the wire does
not tell from others. Of the SDK's own classes nothing is changed: what they can't take is put right before it gets
there. tests/native/test_sdk.py fails as soon as they can.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import grpc
from google.protobuf.struct_pb2 import Struct, Value
from pulumi import Output
from pulumi.output import UNKNOWN, Unknown
from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.provider.experimental.provider import Provider
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime import rpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import ConstructRequest, ConstructResponse, provider_pb2_grpc

from providers.run.progress import debugging

Plain = Any
Values = dict[str, PropertyValue]
Place = tuple[str | int, ...]


def plain(value: PropertyValue) -> Plain:
    """Return a value without its marks. Keys are sorted: maps on the wire come in another order each time.

    https://protobuf.dev/programming-guides/proto3/#maps
    """
    inner = value.value
    if isinstance(inner, Computed) or inner == rpc.UNKNOWN:
        return UNKNOWN
    if isinstance(inner, Mapping):
        return {key: plain(each) for key, each in sorted(inner.items()) if each.value is not None}
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [plain(each) for each in inner]
    return int(inner) if isinstance(inner, float) and inner.is_integer() else inner


def plains(values: Values) -> dict[str, Plain]:
    """Return values without their marks. What is null counts as absent, as on the wire of the dynamic program."""
    return {key: plain(value) for key, value in sorted(values.items()) if value.value is not None}


def marked(value: Plain) -> PropertyValue:
    """Return a plain value as the SDK has it. What is unknown is the wire's own word: the SDK has a class for it that
    it can't write (`PropertyValue(Computed()).marshal()` raises ValueError).

    https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/python/lib/pulumi/provider/experimental/property_value.py
    """
    if isinstance(value, Unknown):
        return PropertyValue(rpc.UNKNOWN)
    if isinstance(value, Mapping):
        return PropertyValue(all_marked(value))
    if isinstance(value, list | tuple):
        return PropertyValue([marked(each) for each in value])
    return PropertyValue(float(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def all_marked(values: Mapping[str, Plain]) -> dict[str, PropertyValue]:
    """Return plain values as the SDK has them, without those that are absent."""
    return {key: marked(value) for key, value in values.items() if value is not None}


def secrets(value: PropertyValue | Values, place: Place = ()) -> Iterator[Place]:
    """Yield the places of secrets in a value or in values."""
    inner = value if isinstance(value, Mapping) else value.value
    if isinstance(value, PropertyValue) and value.is_secret:
        yield place
    elif isinstance(inner, Mapping):
        for key, each in inner.items():
            yield from secrets(each, (*place, key))
    elif isinstance(inner, Sequence) and not isinstance(inner, str):
        for at, each in enumerate(inner):
            yield from secrets(each, (*place, at))


async def settled(value: Plain) -> Plain:
    """Return a value with what each output in it has; `UNKNOWN` if it is not known."""
    if isinstance(value, Output):
        return await settled(await value.future(with_unknowns=True)) if await value.is_known() else UNKNOWN
    if isinstance(value, Mapping):
        return {key: await settled(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [await settled(each) for each in value]
    return value


def mended(fields: Struct) -> Struct:
    """Return a component's inputs as the SDK can read them.

    An output that is unknown has no `value` on the wire, and one that is no secret, or that depends on nothing, may
    come without `secret` or `dependencies`. Of the first it raises ValueError, of the others UnboundLocalError.
    https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/python/lib/pulumi/provider/experimental/property_value.py
    """
    return Struct(fields={key: _mended(value) for key, value in fields.fields.items()})


def _mended(value: Value) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return rpc_list([_mended(each) for each in value.list_value.values])
    if kind != "struct_value":
        return value
    fields = dict(mended(value.struct_value).fields)
    if fields.get(rpc._special_sig_key, Value()).string_value == rpc._special_output_value_sig:
        fields.setdefault("value", Value(string_value=rpc.UNKNOWN))
        fields.setdefault("secret", Value(bool_value=False))
        fields.setdefault("dependencies", rpc_list([]))
    return Value(struct_value=Struct(fields=fields))


def rpc_list(values: Sequence[Value]) -> Value:
    """Return a list as the wire has it; an empty one is one, too."""
    made = Value()
    made.list_value.values.extend(values)
    made.list_value.SetInParent()
    return made


class Servicer(ProviderServicer):
    """The SDK's calls, with inputs that it can read, and errors of a line.

    To each error it adds the lines of code that led there, and gRPC the class `Exception`:
    https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/python/lib/pulumi/provider/experimental/server.py
    """

    async def Construct(self, request: ConstructRequest, context: Any) -> ConstructResponse:  # noqa: ANN401 # grpc.aio
        """Declare a component."""
        request.inputs.CopyFrom(mended(request.inputs))
        return await super().Construct(request, context)


class OneLine(grpc.aio.ServerInterceptor):
    """Ends a call that failed with the words of its error alone, which the SDK's has as its context."""

    async def intercept_service(self, continuation: Any, details: Any) -> Any:  # noqa: ANN401 # grpc.aio
        """Return the handler of a call, with an end of ours."""
        handler = await continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler
        call = handler.unary_unary

        async def ended(request: Any, context: Any) -> Any:  # noqa: ANN401 # any message
            try:
                return await call(request, context)
            except (grpc.aio.AbortError, NotImplementedError):  # answered already
                raise
            except Exception as wrapped:
                if not debugging():
                    await context.abort(grpc.StatusCode.UNKNOWN, str(wrapped.__context__ or wrapped))
                raise

        return grpc.unary_unary_rpc_method_handler(ended, handler.request_deserializer, handler.response_serializer)


async def serve(provider: Provider, version: str, engine: str) -> None:
    """Serve Pulumi's engine at that address, on a port that is printed, until it ends this process."""
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS, interceptors=[OneLine()])
    servicer = Servicer([], version, provider, engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.shield(server.wait_for_termination())
