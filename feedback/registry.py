"""Names of teachers and reward models; strings, so that importing this loads nothing."""

TEACHERS = {
    "boltzmann": "plaudit.feedback.teachers.presets:boltzmann",
    "coin_flip": "plaudit.feedback.teachers.presets:coin_flip",
    "noisy_person": "plaudit.feedback.teachers.presets:noisy_person",
    "oracle": "plaudit.feedback.teachers.presets:oracle",
}

MODELS = {
    "bradley_terry": "plaudit.feedback.models.bradley_terry:BradleyTerry",
}
