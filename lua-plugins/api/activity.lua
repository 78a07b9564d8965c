-- SPDX-License-Identifier: Apache-2.0
local api = ...

return api.class("Activity", "One thing a person is about to do on a platform. Valid inside the hook only.") {
  api.field "text" {
    doc = "What the person typed, fields joined by newlines.", ret = "string",
    phases = { "activity" }, permission = "text.read", since = 1, c = "lp_activity_text" },
  api.field "platform" {
    doc = "Id of the platform adapter: \"youtube\", \"mediawiki\", \"generic\".", ret = "string",
    phases = { "activity" }, since = 1, c = "lp_activity_platform" },
  api.field "kind" {
    doc = "What it is: \"post\", \"comment\", \"edit\", \"message\" and so on (docs/activity.md).", ret = "string",
    phases = { "activity" }, since = 1, c = "lp_activity_kind" },
  api.field "audience" {
    doc = "Who can read it: \"public\", \"group\", \"private\", \"direct\", \"ai\" or \"unknown\".", ret = "string",
    phases = { "activity" }, since = 1, c = "lp_activity_audience" },
  api.field "phase" {
    doc = "\"commit\" when it is sent, \"draft\" or \"prepare\" when the page sends it ahead.", ret = "string",
    phases = { "activity" }, since = 1, c = "lp_activity_phase" },
  api.field "confidence" {
    doc = "100 when a rule of an adapter knows this request, 50 when the fallback guessed.", ret = "integer",
    phases = { "activity" }, since = 1, c = "lp_activity_confidence" },
  api.field "url" {
    doc = "Canonical address of the object, or an empty string.", ret = "string",
    phases = { "activity" }, since = 1, c = "lp_activity_url" },
  api.field "title" {
    doc = "Title of the object, or an empty string.", ret = "string",
    phases = { "activity" }, since = 1, c = "lp_activity_title" },
  api.field "lang" {
    doc = "Language, as in \"en\" or \"de-AT\", or an empty string.", ret = "string",
    phases = { "activity" }, since = 1, c = "lp_activity_lang" },
  api.field "urls" {
    doc = "Web addresses in the text, at most 32.", ret = "string[]",
    phases = { "activity" }, permission = "text.read", since = 1, c = "lp_activity_urls" },
  api.field "hashtags" {
    doc = "Hashtags in the text without their '#', lower case, at most 32.", ret = "string[]",
    phases = { "activity" }, permission = "text.read", since = 1, c = "lp_activity_hashtags" },
  api.field "actor" {
    doc = "The person who does it.", ret = "stoa.Actor",
    phases = { "activity" }, since = 1, c = "lp_activity_actor" },
  api.method "has_finding" {
    doc = "Did a detector find this in the message?",
    args = { { "id", "string", "a detector's id, such as \"pii.de.iban\"; a trailing '*' is any rest" } },
    ret = "boolean", phases = { "activity" }, since = 1, c = "lp_activity_has_finding" },
}
