-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read globals curate hashtag phrase url author platform kind lang dwell length where all_of any_of
-- Which pages, posts and videos are worth learning from, and what they teach. docs/first-curation-rule.md explains each
-- line; try it with `stoa curate test`.

curate "owner.name" {
  title = { en = "Accessible web pages", de = "Barrierefreie Webseiten" },
  owner = "design-academy",
  when = (hashtag { "a11y", "accessibility" } | phrase { "screen reader", "Barrierefreiheit" })
    & kind { "view", "post", "watch.end" }
    & ~phrase "we are hiring",
  tag = { topic = "design/accessibility", level = "beginner" },
  credit = { when = dwell "2m", verb = "experienced" },
  expire = "180d",
  test = {
    { "How a screen reader finds your headings", match = true },
    { "Barrierefreiheit beginnt bei den Farben", lang = "de", match = true },
    { "#a11y lead wanted - we are hiring!", kind = "post", match = false },
  },
}
