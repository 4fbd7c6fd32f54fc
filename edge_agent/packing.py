"""A batch's body as it lies on the disk: packed, because a cabinet may be alone for weeks. The wire stays plain JSON.

One byte in front says how, and four behind it are the CRC-32 of the rest: a disk that decays gives other bytes and no
error, and these would go to the cloud as somebody's readings. zlib gets a dictionary of what every body repeats, so
that a single lamp is packed as well as a whole street. The dictionary of a form never changes: what an older software
has written must be read by a newer one. Older forms have no CRC, and the oldest no byte in front.
"""

import zlib

import orjson


class Damaged(ValueError):
    """What lies on the disk is no body any more."""


_OLD_PLAIN, _OLD_PACKED, _PLAIN, _PACKED = b"\x00", b"\x01", b"\x02", b"\x03"
_CRC = 4  # bytes
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
    form, rest = (_PACKED, small) if len(small) < len(body) else (_PLAIN, body)
    return form + _crc(form + rest) + rest


def unpacked(kept: bytes) -> bytes:
    """The body that was packed. Raises Damaged."""
    form, rest = kept[:1], kept[1:]
    if form in (_PLAIN, _PACKED):
        crc, rest = rest[:_CRC], rest[_CRC:]
        if crc != _crc(form + rest):
            raise Damaged("its CRC is another one")
        return rest if form == _PLAIN else _inflated(rest)
    if form == _OLD_PACKED:
        return _json(_inflated(rest))
    return _json(kept.removeprefix(_OLD_PLAIN))


def _crc(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(_CRC, "big")


def _inflated(small: bytes) -> bytes:
    press = zlib.decompressobj(wbits=-zlib.MAX_WBITS, zdict=_REPEATED)
    try:
        body = press.decompress(small)
    except zlib.error as error:
        raise Damaged(str(error)) from error
    if not press.eof:
        raise Damaged("it ends too early")
    return body


def _json(body: bytes) -> bytes:
    """A body of before there was a CRC: one that is no JSON would hold up everything behind it."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Damaged(str(error)) from error
    return body
