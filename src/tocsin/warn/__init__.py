"""Warning: which zones are told of which harm, when, and by what evidence it is over.

takes:   tracks, identities, forecasts of impact and reach, and reports of one scan or tick
gives:   warnings (raise, update, all-clear) and the hazards that lost tracks leave
assumes: table rows of tracks and identities agree; forecasts carry honest covariances
fails how: never on data (a forecast without numbers is skipped); ValueError at start for impossible zones or thresholds
"""

from tocsin.warn.step import State, Warned, advance, start

__all__ = ["State", "Warned", "advance", "start"]
