"""A folder of schemas: a file for each procedure, topic, error or type, in YAML or JSON, read into `realms.schemas`.

    # com.example.add2.yaml
    procedure: com.example.add2
    description: Adds two numbers.
    args: {type: array, items: {type: number}, minItems: 2, maxItems: 2}
    kwargs: {type: object, maxProperties: 0}
    result:
      args: {type: array, prefixItems: [{type: number}], minItems: 1}

The name of the file is for people. docs/schemas.md explains every key. JSON Schema is compiled here, once, by
jsonschema-rs: it takes 0.7 us for a payload for which fastjsonschema takes 3.4 us and jsonschema 100 us, knows every
draft, fetches nothing, and has regular expressions that take linear time, whatever the peer sends.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import msgspec
import yaml
from msgspec import Struct

from realms.schemas import Check, Checks, Description, Kind, Schemas
from router.config.source import explain_os_error
from wamp.codecs import JSON
from wamp.errors import Untranscodable
from wamp.options import MatchPolicy
from wamp.uris import is_pattern, is_reserved, is_uri

SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
TYPE: Final = "type:"
"""`{"$ref": "type:com.example.person"}` refers to the file with `type: com.example.person`."""

MAX_REASON_LENGTH: Final = 200
JsonSchema = dict[str, Any] | bool


class Shape(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What Arguments (an array) and ArgumentsKw (an object) must be."""

    args: JsonSchema = True
    kwargs: JsonSchema = True


class SchemaFile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a file may say; exactly one of the first four keys."""

    procedure: str | None = None
    topic: str | None = None
    error: str | None = None
    type: str | None = None
    match: MatchPolicy = "exact"
    interface: str | None = None
    title: str | None = None
    description: str | None = None
    args: JsonSchema = True
    kwargs: JsonSchema = True
    result: Shape = Shape()
    progress: Shape = Shape()
    errors: list[str] = []
    schema: JsonSchema | None = None


KINDS: Final[tuple[Kind, ...]] = ("procedure", "topic", "error")
NOT_TOLD: Final = frozenset({"procedure", "topic", "error", "type", "match", "interface", "schema"})


class InvalidSchema(Exception):  # noqa: N818 - it is the schema that is at fault
    """One thing that is wrong with a file; `str()` says what."""


class Folder:
    """The schemas of a folder, and what is wrong with them."""

    def __init__(self, directory: Path, *, validate: bool = False, strict_uris: bool = False) -> None:
        self.mistakes: list[str] = []
        self._strict = strict_uris
        files = dict(self._read(directory))
        self._types = dict(self._named_types(files))
        # what a schema may refer to: the other types, and nothing that would have to be fetched
        self._registry = self._register()
        descriptions = dict(self._described(files))
        self.schemas = Schemas(descriptions.values(), self._types, validate)

    # --- reading ---

    def _read(self, directory: Path) -> Iterator[tuple[str, SchemaFile]]:
        try:
            paths = sorted(path for path in directory.rglob("*") if path.suffix in SUFFIXES and path.is_file())
            next(directory.iterdir(), None)  # rglob is silent about what is not there
        except OSError as error:
            self.mistakes.append(f"{directory}: {explain_os_error(error)}")
            return
        for path in paths:
            name = str(path.relative_to(directory))
            try:
                yield name, self._decode(path)
            except InvalidSchema as invalid:
                self.mistakes.append(f"{name}: {invalid}")

    def _decode(self, path: Path) -> SchemaFile:
        try:
            text = path.read_text("utf-8")
            plain = msgspec.json.decode(text) if path.suffix == ".json" else yaml.safe_load(text)
            file = msgspec.convert(plain, SchemaFile)
        except OSError as error:
            raise InvalidSchema(explain_os_error(error)) from None
        except UnicodeError:
            raise InvalidSchema("not UTF-8") from None
        except (msgspec.MsgspecError, yaml.YAMLError, RecursionError) as error:
            raise InvalidSchema(" ".join(str(error).split())[:MAX_REASON_LENGTH]) from None
        self._check(file)
        return file

    def _check(self, file: SchemaFile) -> None:
        """Check what the types do not say."""
        named = [uri for uri in (file.procedure, file.topic, file.error, file.type) if uri is not None]
        if len(named) != 1:
            raise InvalidSchema("exactly one of `procedure`, `topic`, `error` and `type` is needed")
        (uri,) = named
        if not is_pattern(uri, file.match, self._strict) or is_reserved(uri):
            raise InvalidSchema(f"`{uri}` is no {file.match} URI that clients may use")
        if file.match != "exact" and (file.error is not None or file.type is not None):
            raise InvalidSchema("an error or a type has no `match`")
        if (file.schema is None) is (file.type is not None):
            raise InvalidSchema("`schema` belongs to a `type`, and to nothing else")
        if file.procedure is None and (file.result, file.progress, file.errors) != (Shape(), Shape(), []):
            raise InvalidSchema("`result`, `progress` and `errors` belong to a `procedure`")
        for error in file.errors:
            if not is_uri(error):
                raise InvalidSchema(f"`{error}` in `errors` is no URI")

    def _named_types(self, files: Mapping[str, SchemaFile]) -> Iterator[tuple[str, JsonSchema]]:
        seen: dict[str, str] = {}
        for name, file in files.items():
            if file.type is None or file.schema is None:
                continue
            if file.type in seen:
                self.mistakes.append(f"{name}: type `{file.type}` is in {seen[file.type]} already")
                continue
            seen[file.type] = name
            yield file.type, file.schema

    def _register(self) -> jsonschema_rs.Registry | None:
        resources = [(TYPE + name, schema) for name, schema in self._types.items()]
        try:
            return jsonschema_rs.Registry(resources, retriever=fetch_nothing)
        except ValueError:  # a reference among the types leads nowhere: each schema that meets it will say so
            return None

    # --- describing ---

    def _described(self, files: Mapping[str, SchemaFile]) -> Iterator[tuple[tuple[Kind, str, str], Description]]:
        seen: dict[tuple[Kind, str, str], str] = {}
        for name, file in files.items():
            kind = next((kind for kind in KINDS if getattr(file, kind) is not None), None)
            if kind is None:
                self._check_type(name, file)
                continue
            key = (kind, file.match, getattr(file, kind))
            if key in seen:
                self.mistakes.append(f"{name}: {kind} `{key[2]}` is described in {seen[key]} already")
                continue
            seen[key] = name
            try:
                yield key, self._describe(kind, key[2], file)
            except InvalidSchema as invalid:
                self.mistakes.append(f"{name}: {invalid}")

    def _check_type(self, name: str, file: SchemaFile) -> None:
        try:
            compiled(True if file.schema is None else file.schema, self._registry)
        except InvalidSchema as invalid:
            self.mistakes.append(f"{name}: schema: {invalid}")

    def _describe(self, kind: Kind, uri: str, file: SchemaFile) -> Description:
        about = {key: value for key, value in msgspec.to_builtins(file).items() if key not in NOT_TOLD}
        return Description(
            kind=kind,
            match=file.match,
            uri=uri,
            interface=file.interface or uri.rpartition(".")[0].rstrip(".") or uri,
            about=about,
            given=self._checks("", file.args, file.kwargs),
            returned=self._checks("result.", file.result.args, file.result.kwargs),
            progress=self._checks("progress.", file.progress.args, file.progress.kwargs),
            types=self._types_in(about),
        )

    def _checks(self, where: str, args: JsonSchema, kwargs: JsonSchema) -> Checks:
        checks: list[Check | None] = []
        for name, schema in (("args", args), ("kwargs", kwargs)):
            try:
                checks.append(None if schema is True else check_of(compiled(schema, self._registry)))
            except InvalidSchema as invalid:
                raise InvalidSchema(f"{where}{name}: {invalid}") from None
        return Checks(*checks)

    def _types_in(self, schema: Any) -> frozenset[str]:
        """The types that a schema refers to, and those that these refer to."""
        found: set[str] = set()
        ahead = list(_references(schema))
        while ahead:
            name = ahead.pop()
            if name in self._types and name not in found:
                found.add(name)
                ahead.extend(_references(self._types[name]))
        return frozenset(found)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str) and value.startswith(TYPE):
                yield value.removeprefix(TYPE).partition("#")[0]
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


# --- JSON Schema --------------------------------------------------------------------------------------------------


def compiled(schema: JsonSchema, registry: jsonschema_rs.Registry | None) -> jsonschema_rs.Validator:
    """Compile a JSON Schema; 2020-12 unless its `$schema` names another draft. Raises InvalidSchema."""
    try:
        return jsonschema_rs.validator_for(
            schema,
            registry=registry,
            offline=True,
            pattern_options=jsonschema_rs.RegexOptions(),
            mask="the value",
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidSchema(reason_of(error)) from None


def fetch_nothing(uri: str) -> Any:
    """The retriever of the registry."""
    raise ValueError(f"{uri} is no type of this folder, and nothing is fetched")


def reason_of(error: Exception) -> str:
    """The first sentence of what jsonschema-rs says."""
    return str(getattr(error, "message", None) or error).partition("\n")[0][:MAX_REASON_LENGTH]


def check_of(validator: jsonschema_rs.Validator) -> Check:
    """Make a check of a validator. Values that JSON has not (octets, times) count as what JSON would carry: strings."""

    def wrong(value: Any) -> str | None:
        if validator.is_valid(value):
            return None
        error = next(validator.iter_errors(value))
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        return f"do not fit the schema: {place}: {reason_of(error)}" if place else f"do not fit: {reason_of(error)}"

    def check(value: Any) -> str | None:
        try:
            return wrong(value)
        except ValueError:  # a value of a type that JSON has not
            try:
                return wrong(msgspec.json.decode(JSON.dump(value)))
            except (Untranscodable, ValueError):
                return "cannot be expressed in JSON, hence not checked"

    return check
