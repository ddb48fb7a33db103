"""The simulated world: what moves, what the sensors say of it, and what comes of a shot. It alone holds the truth.

takes:   a Scenario, the Site and a random generator
gives:   batches of detections and reports; truth and outcomes in its own sealed log
assumes: generic public parameters only; its own atmosphere, drag and integrator, none of them the forecaster's
fails how: BadScenario for what cannot be flown, Misuse for a time that goes back
"""
