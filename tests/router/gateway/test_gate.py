"""What every request to a bridge has to pass."""

import pytest
from twisted.internet.task import Clock

from router.gateway.gate import Rates
from router.gateway.refusal import Refusal


def test_who_has_a_network_of_ipv6_has_one_address_in_it() -> None:
    rates = Rates(2, Clock())
    rates.check("2001:db8::1")
    rates.check("2001:db8::2")
    with pytest.raises(Refusal, match="too many"):
        rates.check("2001:db8::3")
    rates.check("2001:db8:0:1::1")
    rates.check("192.0.2.1")
