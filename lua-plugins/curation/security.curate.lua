-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read globals curate hashtag phrase url author platform kind lang dwell length where all_of any_of
-- Application security for people who build software: long reads, and the talks that go with them.

local subject = any_of {
  hashtag { "appsec", "threatmodeling" },
  phrase { "threat model", "threat modelling", "threat modeling", "OWASP Top 10", "secure by design" },
}

curate "security-long-reads" {
  title = { en = "Security deep dives", de = "Sicherheit in der Tiefe" },
  owner = "security-academy",
  when = subject & kind "view" & length(1200)
    & where(function(a) return not a.title:lower():find("press release", 1, true) end),
  tag = { topic = "security/appsec", level = "advanced" },
  skill = "skills:secure-development",
  queue = "security-academy",
  credit = { when = dwell "4m", verb = "experienced" },
  expire = "365d",
  test = {
    { ("How we keep a threat model alive. "):rep(40), match = true },
    { ("How we keep a threat model alive. "):rep(40), title = "Press release: awards", match = false },
    { "A threat model in one sentence.", match = false },
  },
}

curate "security-talks" {
  title = { en = "Security talks", de = "Vorträge zur Sicherheit" },
  owner = "security-academy",
  when = all_of { subject, platform { "youtube", "vimeo" }, kind { "view", "watch.start", "watch.end" } },
  tag = { topic = "security/appsec", level = "intermediate" },
  skill = "skills:secure-development",
  credit = { when = dwell "5m", verb = "completed" },
  test = {
    { "", title = "Threat modelling for teams", platform = "youtube", match = true },
    { "", title = "Threat modelling for teams", platform = "generic", match = false },
  },
}
