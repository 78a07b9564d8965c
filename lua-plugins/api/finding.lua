-- SPDX-License-Identifier: Apache-2.0
local api = ...

local here = { "finding" }
local confidence = { { "confidence", "integer", "0 to 100; detectors' levels are low 65, medium 75, high 85" } }

return api.class("Finding", "One thing that a detector found in a message. Valid inside the hook only.") {
  api.field "id" {
    doc = "Of the detector, such as \"pii.de.iban\".", ret = "string", phases = here, since = 1, c = "lp_finding_id" },
  api.field "severity" {
    doc = "\"low\", \"medium\", \"high\" or \"critical\".", ret = "string", phases = here, since = 1,
    c = "lp_finding_severity" },
  api.field "confidence" {
    doc = "How sure the detector is, 0 to 100.", ret = "integer", phases = here, since = 1,
    c = "lp_finding_confidence" },
  api.field "text" {
    doc = "What was found.", ret = "string", phases = here, permission = "text.read", since = 1,
    c = "lp_finding_text" },
  api.field "platform" {
    doc = "Where it goes: id of the platform adapter, or an empty string.", ret = "string", phases = here, since = 1,
    c = "lp_finding_platform" },
  api.field "audience" {
    doc = "Who can read it, as in an activity; \"unknown\" where no adapter says.", ret = "string", phases = here,
    since = 1, c = "lp_finding_audience" },
  api.method "raise" {
    doc = "Makes it more certain; a smaller number changes nothing.", args = confidence, phases = here,
    permission = "verdict.block", since = 1, c = "lp_finding_raise" },
  api.method "lower" {
    doc = "Makes it less certain; 0 takes it away. False, and nothing changes, after the manifest's lower_until.",
    args = confidence, ret = "boolean", phases = here, permission = "verdict.lower", since = 1,
    c = "lp_finding_lower" },
}
