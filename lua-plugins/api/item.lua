-- SPDX-License-Identifier: Apache-2.0
local api = ...

local here = { "curate" }

return api.class("Item", "A bounded copy of a page or post that somebody saw; rules need no plugin, see curation.") {
  api.field "platform" {
    doc = "Id of the platform adapter.", ret = "string", phases = here, since = 1, c = "lp_item_platform" },
  api.field "kind" {
    doc = "\"view\", \"post\", \"watch.end\" and so on (docs/activity.md).", ret = "string", phases = here, since = 1,
    c = "lp_item_kind" },
  api.field "url" {
    doc = "Canonical address, or an empty string.", ret = "string", phases = here, since = 1, c = "lp_item_url" },
  api.field "title" {
    doc = "Title, or an empty string.", ret = "string", phases = here, since = 1, c = "lp_item_title" },
  api.field "author" {
    doc = "Author, or an empty string.", ret = "string", phases = here, since = 1, c = "lp_item_author" },
  api.field "lang" {
    doc = "Language, or an empty string.", ret = "string", phases = here, since = 1, c = "lp_item_lang" },
  api.field "text" {
    doc = "Its text, HTML taken off.", ret = "string", phases = here, permission = "text.read", since = 1,
    c = "lp_item_text" },
  api.field "dwell" {
    doc = "How long it was looked at, in seconds; 0 when nobody knows.", ret = "number", phases = here, since = 1,
    c = "lp_item_dwell" },
  api.field "length" {
    doc = "How long it is, in seconds; 0 when it is no film or nobody knows.", ret = "number", phases = here, since = 1,
    c = "lp_item_length" },
  api.method "tag" {
    doc = "Tags it, at most 8 times.",
    args = { { "tag", "stoa.Tag", "topic, and what else is known: level, skill, queue, verb" } }, phases = here,
    permission = "tag.write", since = 1, c = "lp_item_tag" },
}
