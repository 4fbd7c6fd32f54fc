"""A batch's body as it lies on the disk: packed, because a cabinet may be alone for weeks. The wire stays plain JSON.

One byte in front says how: a body that begins with none of them was written before there were any. zlib gets a
dictionary of what every body repeats, so that a single lamp is packed as well as a whole street. The dictionary of a
form never changes: what an older software has written must be read by a newer one.
"""

import zlib


class Damaged(ValueError):
    """What lies on the disk is no body any more."""


_PLAIN, _PACKED = b"\x00", b"\x01"
_FASTEST = 1
_REPEATED = (
    b'{"events":[{"id":"","step":"accepted","at":"2026-01-01T00:00:00Z"}]}'
    b'{"tables":[{"kind":"meter","quantities":["active_energy","active_energy_export","active_power","active_power_l1",'
    b'"active_power_l2","active_power_l3","current_l1","current_l2","current_l3","frequency","power_factor",'
    b'"reactive_power","voltage_l1","voltage_l2","voltage_l3"],"devices":['
    b'{"tables":[{"kind":"luminaire","quantities":["active_energy","active_power","actual_level","command_reason",'
    b'"current","fault_bits","frequency","gear_temperature","lamp_hours","power_factor","status_bits",'
    b'"supply_loss_count","switch_on_count","target_level","voltage"],"devices":["'
    b'"],"at":[1,2],"values":[[0.0],[null],[100.0,50.0],[230.1,229.9]],"flags":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}]}'
)


def packed(body: bytes) -> bytes:
    """A body for the disk."""
    press = zlib.compressobj(_FASTEST, wbits=-zlib.MAX_WBITS, zdict=_REPEATED)
    small = press.compress(body) + press.flush()
    return _PACKED + small if len(small) < len(body) else _PLAIN + body


def unpacked(kept: bytes) -> bytes:
    """The body that was packed. Raises Damaged."""
    if not kept.startswith(_PACKED):
        return kept.removeprefix(_PLAIN)
    press = zlib.decompressobj(wbits=-zlib.MAX_WBITS, zdict=_REPEATED)
    try:
        body = press.decompress(kept[1:])
    except zlib.error as error:
        raise Damaged(str(error)) from error
    if not press.eof:
        raise Damaged("it ends too early")
    return body
