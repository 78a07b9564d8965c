-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read globals curate hashtag phrase url author platform kind lang dwell length where all_of any_of
-- How people work together: reading and talks on feedback and on leading a team, told apart from motivation quotes by
-- their length.

curate "giving-feedback" {
  title = { en = "Giving and taking feedback", de = "Rückmeldung geben und annehmen" },
  owner = "people-academy",
  when = kind { "view", "watch.end" }
    & phrase { "giving feedback", "receiving feedback", "feedback culture", "nonviolent communication",
      "Feedback geben", "Feedbackkultur", "gewaltfreie Kommunikation" }
    & (length(800) | length "5m"),
  tag = { topic = "people/feedback", level = "beginner" },
  skill = "skills:communication",
  credit = { when = dwell "4m", verb = "experienced" },
  expire = "730d",
  test = {
    { ("Giving feedback is a craft that can be learned. "):rep(20), match = true },
    { ("Feedback geben will gelernt sein, jeden Tag neu. "):rep(20), lang = "de", match = true },
    { "Giving feedback is a gift!", match = false },
    { ("Our feedback form is down for maintenance today. "):rep(20), match = false },
  },
}

curate "leading-a-team" {
  title = { en = "Leading a team", de = "Ein Team führen" },
  owner = "people-academy",
  when = kind { "view", "watch.end" }
    & phrase { "psychological safety", "first-time manager", "servant leadership", "one-on-one meetings",
      "psychologische Sicherheit", "Mitarbeitergespräch", "neue Führungskraft" }
    & (length(800) | length "5m")
    & ~phrase { "apply now", "jetzt bewerben" },
  tag = { topic = "people/leadership", level = "intermediate" },
  skill = "skills:leadership",
  queue = "people-academy",
  credit = { when = dwell "5m", verb = "experienced" },
  expire = "730d",
  test = {
    { ("What psychological safety is, and what it is not. "):rep(20), match = true },
    { ("Psychologische Sicherheit im Team entsteht im Alltag. "):rep(20), lang = "de", match = true },
    { "psychological safety", match = false },
    { ("Psychological safety matters to us - apply now! "):rep(20), match = false },
  },
}
