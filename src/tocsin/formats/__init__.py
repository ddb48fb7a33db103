"""Bytes to records and back, pure: one file for each format, the format's table in its docstring.

takes:   text, bytes or rows as others write them
gives:   records of `tocsin.records`, and from records the text that others read
assumes: nothing of a run: no clock, no random generator, no world
fails:   BadInput or BadScenario with file, place and value; in a stream a bad item becomes an ErrorRecord at its place
"""
