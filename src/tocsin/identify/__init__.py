"""Identification: what each track is, what it claims to be, and the risk that remains.

takes:   the tracks of one scan or tick and the cooperative and human reports that came with it
gives:   an IdentityTable with the same rows, and a Dismissal for each track newly ignored or taken up again
assumes: track ids ascend and are never used twice; report times are on the run's clock
fails how: never on data (a report without a position is not used here); ValueError at start for impossible priors
"""

from tocsin.identify.step import State, advance, start

__all__ = ["State", "advance", "start"]
