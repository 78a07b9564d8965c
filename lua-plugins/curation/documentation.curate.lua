-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read globals curate hashtag phrase url author platform kind lang dwell length where all_of any_of
-- Reference documentation that people read with time: where it is counts, not its words.

curate "reference-documentation" {
  title = { en = "Reference documentation", de = "Referenzdokumentation" },
  owner = "engineering-academy",
  when = kind "view" & dwell "90s" & url {
    "docs.python.org/*", "developer.mozilla.org/*/docs/*", "kubernetes.io/*docs/*", "www.postgresql.org/docs/*",
    "docs.docker.com/*", "go.dev/doc/*", "doc.rust-lang.org/*", "*.readthedocs.io/*",
  },
  tag = { topic = "engineering/reference" },
  skill = "skills:software-engineering",
  credit = { when = dwell "3m", verb = "experienced" },
  test = {
    { "The json module", url = "https://docs.python.org/3/library/json.html", dwell = "2m", match = true },
    { "The json module", url = "https://docs.python.org/3/library/json.html", dwell = "20s", match = false },
    { "Pods", url = "https://kubernetes.io/de/docs/concepts/", dwell = "2m", match = true },
    { "Pods", url = "https://kubernetes.io.example.net/docs/", dwell = "2m", match = false },
  },
}
