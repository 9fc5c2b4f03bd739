# SPDX-License-Identifier: Apache-2.0
"""Tones: made, written as the files that the parties play, and found again in what was heard. 8 kHz, G.711 A-law."""
import math
import struct
import wave

RATE = 8000
PACKET = 160  # samples: 20 ms
ALAW = 8      # RTP payload type (RFC 3551 §6)


def alaw(sample):
    """One 16-bit sample as A-law (ITU-T G.711)."""
    sign = 0x80 if sample >= 0 else 0
    value = min(abs(sample), 32635)
    exponent = max(0, value.bit_length() - 8) if value >= 256 else 0
    mantissa = (value >> (exponent + 3 if exponent else 4)) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55


def alaw_back(byte):
    byte ^= 0x55
    exponent, mantissa = (byte >> 4) & 7, byte & 0x0F
    value = (mantissa << 4) + 8
    if exponent:
        value = (value + 0x100) << (exponent - 1)
    return value if byte & 0x80 else -value


FROM_ALAW = [alaw_back(b) for b in range(256)]


def tone(hz, seconds):
    return [int(9000 * math.sin(2 * math.pi * hz * i / RATE)) for i in range(int(seconds * RATE))]


def strength(samples, hz):
    """Share of the power that is at this frequency (Goertzel), 0 to 1."""
    if not samples:
        return 0.0
    w = 2 * math.cos(2 * math.pi * hz / RATE)
    a = b = 0.0
    for x in samples:
        a, b = x + w * a - b, a
    power = a * a + b * b - w * a * b
    total = sum(x * x for x in samples)
    return 2 * power / (total * len(samples)) if total else 0.0


def write_wav(path, samples):
    with wave.open(path, "wb") as f:
        f.setparams((1, 2, RATE, len(samples), "NONE", ""))
        f.writeframes(struct.pack("<%dh" % len(samples), *samples))


def read_wav(path):
    with wave.open(path, "rb") as f:
        raw = f.readframes(f.getnframes())
    return list(struct.unpack("<%dh" % (len(raw) // 2), raw))


def write_rtp_pcap(path, samples, ssrc):
    """A capture of the tone as RTP, as SIPp's play_pcap_audio wants it: it sends the UDP payloads again in their time."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for n in range(len(samples) // PACKET):
            payload = bytes(alaw(s) for s in samples[n * PACKET:(n + 1) * PACKET])
            rtp = struct.pack("!BBHII", 0x80, ALAW, n, n * PACKET, ssrc) + payload
            udp = struct.pack("!HHHH", 4000, 4000, 8 + len(rtp), 0) + rtp
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1") + udp
            frame = b"\0" * 12 + b"\x08\0" + ip
            f.write(struct.pack("<IIII", n // 50, n % 50 * 20000, len(frame), len(frame)) + frame)
