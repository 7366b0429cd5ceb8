#!/usr/bin/env python3
"""Fits the float polynomials of kernels/vmath.h and prints their coefficients (needs mpmath).

Each is a near-minimax fit: iteratively reweighted least squares of the relative error on a dense
grid (Lawson's algorithm), then the coefficients are rounded to float one at a time, lowest degree
first, and the rest fitted again, so that the rounding of one is taken up by the others.
"""
from mpmath import mp, mpf, matrix, lu_solve
import mpmath as m
import struct

mp.dps = 40


def to_float(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def solve(points, powers, target, weight):
    n = len(powers)
    a, b = matrix(n, n), matrix(n, 1)
    for p, t, w in zip(points, target, weight):
        row = [p**k for k in powers]
        for i in range(n):
            b[i] += w * row[i] * t
            for j in range(n):
                a[i, j] += w * row[i] * row[j]
    return lu_solve(a, b)


def fit(name, f, scale, lo, hi, degree, nodes=120, rounds=12):
    """Fits P of `degree` to f on [lo, hi], minimising max |P - f| * scale."""
    pts = [(lo + hi) / 2 + (hi - lo) / 2 * m.cos(m.pi * (i + mpf(1) / 2) / nodes) for i in range(nodes)]
    val = [f(p) for p in pts]
    base = [scale(p) ** 2 for p in pts]
    fixed = []
    lawson = [mpf(1)] * nodes
    for k in range(degree + 1):
        powers = list(range(k, degree + 1))
        rest = [v - sum(c * p**i for i, c in enumerate(fixed)) for p, v in zip(pts, val)]
        for _ in range(rounds if k == 0 else 1):
            coef = solve(pts, powers, rest, [w * b for w, b in zip(lawson, base)])
            err = [abs(sum(c * p**q for c, q in zip(coef, powers)) - r) * m.sqrt(b)
                   for p, r, b in zip(pts, rest, base)]
            top = max(err)
            lawson = [w * (e / top + mpf("1e-3")) for w, e in zip(lawson, err)]
            total = sum(lawson)
            lawson = [w / total * nodes for w in lawson]
        fixed.append(to_float(coef[0]))
    worst = max(abs(sum(c * p**i for i, c in enumerate(fixed)) - v) * m.sqrt(b)
                for p, v, b in zip(pts, val, base))
    print(f"{name}: error 2^{float(m.log(worst, 2)):.1f}")
    for i, c in enumerate(fixed):
        print(f"    {float(c).hex()}f,  /* {i} */")


def main():
    tiny = mpf("1e-9")
    h = m.log(2) / 2 * mpf("1.0001")
    # Below 1 the ulp of the result is half of that above, so errors at r < 0 count twice.
    fit("exp: (e^r - 1 - r)/r^2 on |r| <= ln2/2",
        lambda r: (m.exp(r) - 1 - r) / r**2, lambda r: r**2 * (2 if r < 0 else 1), -h, h, 5, rounds=60)
    fit("log: (log1p(f) - f + f^2/2)/f^3 on sqrt(1/2)-1 .. sqrt(2)-1",
        lambda f: (m.log1p(f) - f + f**2 / 2) / f**3, lambda f: abs(f**3 / m.log1p(f)),
        m.sqrt(mpf(1) / 2) - 1, m.sqrt(2) - 1, 8)
    fit("erf small: erf(sqrt(s))/sqrt(s) - 1 on s in 0 .. 0.85",
        lambda s: m.erf(m.sqrt(s)) / m.sqrt(s) - 1, lambda s: m.sqrt(s) / m.erf(m.sqrt(s)),
        tiny, mpf("0.85"), 6)
    fit("erf large: log(erfc(a)) on a in 0.92 .. 4",
        lambda a: m.log(m.erfc(a)), lambda a: m.erfc(a) / m.erf(a), mpf("0.92"), mpf("4"), 7)
    fit("tanh small: (tanh(x) - x)/x^3 in s = x^2 on 0 .. 0.4",
        lambda s: (m.tanh(m.sqrt(s)) - m.sqrt(s)) / m.sqrt(s)**3,
        lambda s: m.sqrt(s)**3 / m.tanh(m.sqrt(s)), tiny, mpf("0.4"), 5)


main()
