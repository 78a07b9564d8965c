-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read globals curate hashtag phrase url author platform kind lang dwell length where all_of any_of
-- Data protection at work: what people should know who handle other people's data. The law's own pages count, too.

curate "data-protection" {
  title = { en = "Data protection at work", de = "Datenschutz bei der Arbeit" },
  owner = "privacy-academy",
  when = kind { "view", "watch.end" } & (
    url { "gdpr.eu/*", "edpb.europa.eu/*", "www.bfdi.bund.de/*", "ico.org.uk/for-organisations/*" }
    | hashtag { "gdpr", "dsgvo", "dataprotection", "datenschutz" }
    | phrase { "data minimisation", "data minimization", "Datenminimierung", "privacy by design",
      "Datenschutz-Folgenabschätzung", "data protection impact assessment" })
    & ~phrase { "cookie settings", "Cookie-Einstellungen" },
  tag = { topic = "compliance/data-protection", level = "beginner" },
  skill = "skills:data-protection",
  queue = "privacy-academy",
  credit = { when = dwell "3m", verb = "experienced" },
  expire = "365d",
  test = {
    { "Why data minimisation makes systems simpler", match = true },
    { "Eine Datenschutz-Folgenabschätzung in fünf Schritten", lang = "de", match = true },
    { "Article 5", url = "https://gdpr.eu/article-5-how-to-process-personal-data/", match = true },
    { "Change your cookie settings: #gdpr", match = false },
    { "data minimisation", kind = "message", match = false },
  },
}
