"""Where and when what is ballistic strikes, and when and how probably what flies reaches each asset.

takes:   a plan, a scan, the tracks after it and their identities
gives:   an ImpactTable (ballistic tracks detected in this scan) and a ReachTable (track and asset, where worth naming)
assumes: what is ballistic flies unpowered from some moment on, in standard air with a steady wind of stated spread
fails:   never on content: what has no believable trajectory, or does not come down within 200 s, has no row
"""

from tocsin.forecast.stage import State, advance, start

__all__ = ["State", "advance", "start"]
