"""What must fit together where config.yaml says whom to ask: who may join, and what may be done."""

from collections.abc import Iterable

from router.config.authentication import Dynamic
from router.config.checking import check_named, known
from router.config.decoding import Decoder
from router.config.realms import Authorizer, Realm
from router.config.wording import quoted
from router.functions import find_function
from wamp.uris import is_reserved, is_uri


def check_dynamic(realms: Iterable[Realm], decoder: Decoder) -> None:
    """Note what is wrong with the dynamic authenticators and authorizers of all realms."""
    realms = list(realms)
    names = [realm.name for realm in realms]
    for realm in realms:
        if isinstance(realm.authentication.dynamic, Dynamic):
            _check(realm.authentication.dynamic, names, decoder)
        for role in realm.roles:
            if isinstance(role.authorizer, Authorizer):
                _check(role.authorizer, names, decoder)


def _check(section: Dynamic | Authorizer, names: list[str], decoder: Decoder) -> None:
    procedure, function = section.procedure, section.function
    if not known(procedure) or not known(function):
        return
    if (procedure is None) == (function is None):
        decoder.note(decoder.place(section), "needs either `procedure` or `function`")
    elif function is not None:
        try:
            find_function(function, decoder.folder)
        except ValueError as mistake:
            decoder.note(decoder.place(section, "function"), f"{quoted(function)}: {mistake}")
    elif procedure is not None and (not is_uri(procedure) or is_reserved(procedure)):
        decoder.note(decoder.place(section, "procedure"), f"{quoted(procedure)} is no URI that can be registered")
    check_named(section.realm, names, section, "realm", "there is no realm", decoder)
    if function is not None and section.realm is not None and known(section.realm):
        decoder.note(decoder.place(section, "realm"), "a function is called in the router, in no realm")
