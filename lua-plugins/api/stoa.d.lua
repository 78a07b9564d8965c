-- SPDX-License-Identifier: Apache-2.0
---@meta
-- luacheck: ignore
-- Made by lua-plugins/api/gen.lua; not for editing. What an editor with LuaLS knows about plugins.

---@class stoa.Set
local Set = {}
---@param value string|number
---@return boolean
function Set:has(value) end

---@class stoa.Setting
---@class stoa.Text
---@field en string
---@field de? string

---@class stoa.Opinion
---@field reason string
---@field message? stoa.Text

---@class stoa.Tag
---@field topic string "cloud/kubernetes"
---@field level? string "beginner"
---@field skill? string "skills:container-platforms"
---@field queue? string who looks at it first
---@field verb? string what the learning is recorded as: "experienced", "completed"

---A detector of the plugin's own: an entry of a pack (docs/detectors.md), with `label` for its id.
---@class stoa.Detector
---@field label string "internal.customer_id", what policies and records call it
---@field pattern? string bounded regular expression; the match itself is the finding
---@field title? stoa.Text|string the plugin's when absent
---@field severity? "low"|"medium"|"high"|"critical" "medium" when absent
---@field mask? string what redaction writes; "[customer_id]" after the label when absent
---@field caseless? boolean
---@field confidence? table<string, integer> base, validated, near
---@field context? table<string, string[]|string|integer> words, within, required
---@field validate? string|fun(hit: stoa.Hit, ctx: stoa.Context) a pack's by name, or the plugin's own
---@field find? string another finder than the pattern, with what it needs
---@field shape? string
---@field lengths? string[]
---@field anchor? string|string[]
---@field chars? string
---@field extent? string
---@field max? integer
---@field tags? string[]
---@field examples? table<string, string[]> match and miss; checked at every load

---What must be there for the plugin to work; without it the plugin is off, and that is said once.
---@class stoa.Needs
---@field hooks? string[] that this version of Stoa must have
---@field modules? string[] of lib/
---@field platforms? string[] ids of adapters
---@field plugins? string[] "owner.name", switched on
---@field detectors? string[] ids, such as "pii.iban"

---@class stoa.Limits
---@field time? string such as "5ms", at most "100ms"
---@field memory? string such as "1MiB", at most "16MiB"

---What a plugin should make of one made-up case; runs at every load and by `stoa plugin test`.
---@class stoa.Case
---@field name string what it shows
---@field hook? "connect"|"request"|"validate"|"finding"|"activity"|"record"|"curate"|"tick"|"statement" "activity" when absent
---@field config? table<string, string|number|boolean|string[]> settings for this case
---@field today? string the day, as in "2027-01-15"
---@field groups? string[] of the person
---@field findings? string[] ids of detectors: given to an activity, expected of "validate"
---@field platform? string "generic" when absent
---@field kind? string "post" when absent
---@field audience? string "public" when absent
---@field phase? "commit"|"draft"|"prepare"|"confirm"
---@field text? string
---@field url? string
---@field title? string
---@field author? string of an item
---@field lang? string
---@field host? string of a connection
---@field method? string of a request; "GET" when absent
---@field path? string of a request; "/" when absent
---@field headers? table<string, string> of a request
---@field facts? string[] "name=value": expected of a request, given to an activity or a finding
---@field skips? boolean expected of a request
---@field port? integer of a connection; 443 when absent
---@field route? "pass"|"inspect" what the policies say of a connection; "inspect" when absent
---@field protected? boolean the connection is of a protected category
---@field finding? string id of the detector that found the text
---@field confidence? integer of the finding; 90 when absent
---@field record? table<string, string> fields of the record
---@field dwell? string "2m", of an item
---@field ends_as? "pass"|"inspect"|"block" what is expected of a connection; its route when absent
---@field leaves? integer the confidence that is expected afterwards; unchanged when absent
---@field removes? string[] the fields that are expected to be taken away
---@field statement? table<string, string> fields of the statement
---@field maps? string[] "name=value": what is expected to be said in other words
---@field drops? boolean expected of a statement
---@field kept? table<string, string> what the plugin kept before, for an item or a tick
---@field keeps? string[] "name=value": what is expected to be kept; "name": what is forgotten
---@field tags? string[] the topics that are expected
---@field verdict? "allow"|"note"|"coach"|"redact"|"block" what is expected; "allow" when absent
---@field reason? string what is expected

---@class stoa.Plugin
---@field api 1
---@field name string "owner.name"
---@field version string
---@field title stoa.Text|string
---@field summary? stoa.Text|string
---@field license? string
---@field categories? string[]
---@field needs? stoa.Needs
---@field permissions? string[]
---@field limits? stoa.Limits
---@field on_failure? "skip"|"coach"|"block"
---@field enabled? boolean
---@field lower_until? string the last day on which findings may be lowered: "2027-03-31"
---@field config? table<string, stoa.Setting>
---@field detectors? table<string, stoa.Detector>
---@field tests? stoa.Case[]
---@field load? fun(conf: table) Once per worker and generation, with the settings: prepares tables.
---@field connect? fun(c: stoa.Connection, ctx: stoa.Context) A connection begins: may it pass, be inspected, or be blocked?
---@field request? fun(r: stoa.Request, ctx: stoa.Context) The head of a request on an opened connection has come: notes facts for later hooks, or skips them.
---@field finding? fun(f: stoa.Finding, ctx: stoa.Context) After the detectors, for each of the first 64 findings of a message: raises or lowers it.
---@field activity? fun(a: stoa.Activity, ctx: stoa.Context) For each post, comment, message or upload that an adapter understood, before it leaves.
---@field record? fun(rec: stoa.Record, ctx: stoa.Context) Before a record is handed over: takes fields away, never adds text.
---@field curate? fun(item: stoa.Item, ctx: stoa.Context) A copy of a page or post that somebody saw, off the data path: tags it as worth learning from.
---@field tick? fun(ctx: stoa.Context) Once a minute in the curator, off the data path: tidies up what the plugin keeps.
---@field statement? fun(st: stoa.Statement, ctx: stoa.Context) Before an xAPI statement is handed over (`stoa curate export --format xapi`): maps it, or drops it.
---@field unload? fun() Once per worker and generation, when it ends. Nothing can be asked or kept any more.

---The module every plugin finds as the global stoa; stoa.schema describes settings.
---@class stoa
stoa = { schema = {} }

---A set of strings or numbers; ask it with set:has(value).
---@param list table its members
---@return stoa.Set
function stoa.set(list) end

---A shared module: the table that lib/NAME.lua returns, run in the plugin's own state, once.
---@param name string the file's name without .lua
---@return table
function stoa.lib(name) end

---A setting that is a string.
---@param spec? table default, help and what the type knows
---@return stoa.Setting
function stoa.schema.string(spec) end

---A setting that is a whole number.
---@param spec? table default, help and what the type knows
---@return stoa.Setting
function stoa.schema.integer(spec) end

---A setting that is a number.
---@param spec? table default, help and what the type knows
---@return stoa.Setting
function stoa.schema.number(spec) end

---A setting that is true or false.
---@param spec? table default, help and what the type knows
---@return stoa.Setting
function stoa.schema.boolean(spec) end

---A setting that is a list of strings.
---@param spec? table default, help and what the type knows
---@return stoa.Setting
function stoa.schema.list(spec) end

---A connection that somebody begins. Of several plugins the strictest wins.
---@class stoa.Connection
---@field host string The host that was asked for, in lower case.
---@field port integer Its port.
---@field platform string Id of the platform adapter that claims the host, or an empty string.
---@field route string What the policies say: "pass" or "inspect".
---@field is_protected boolean Is it of a protected category? Then it passes, and no plugin can have it inspected.
---@field actor stoa.Actor The person who does it.
local Connection = {}

---Let it through unread. Needs the permission `route.pass`.
function Connection:pass() end

---Have it opened and read, unless it is protected. Needs the permission `route.inspect`.
function Connection:inspect() end

---Refuse it. Needs the permission `verdict.block`.
function Connection:block() end

---The head of a request on an opened connection. Login paths are never shown.
---@class stoa.Request
---@field method string "GET", "POST" and so on.
---@field host string The host, in lower case.
---@field path string The path, without the query.
---@field platform string Id of the platform adapter that claims the host, or an empty string.
---@field actor stoa.Actor The person who does it.
local Request = {}

---The first header of that name, or nil; nil also for all that may hold a credential. Needs the permission `headers.read`.
---@param name string whatever its case
---@return string?
function Request:header(name) end

---Remembers something for this plugin's later hooks on the same request; at most 16 for all plugins.
---@param name string an id
---@param value string up to 256 bytes
function Request:note_fact(name, value) end

---This plugin's later hooks are not called for this request.
function Request:skip() end

---One thing a person is about to do on a platform. Valid inside the hook only.
---@class stoa.Activity
---@field text string What the person typed, fields joined by newlines.
---@field platform string Id of the platform adapter: "youtube", "mediawiki", "generic".
---@field kind string What it is: "post", "comment", "edit", "message" and so on (docs/activity.md).
---@field audience string Who can read it: "public", "group", "private", "direct", "ai" or "unknown".
---@field phase string "commit" when it is sent, "draft" or "prepare" when the page sends it ahead.
---@field confidence integer 100 when a rule of an adapter knows this request, 50 when the fallback guessed.
---@field url string Canonical address of the object, or an empty string.
---@field title string Title of the object, or an empty string.
---@field lang string Language, as in "en" or "de-AT", or an empty string.
---@field urls string[] Web addresses in the text, at most 32.
---@field hashtags string[] Hashtags in the text without their '#', lower case, at most 32.
---@field actor stoa.Actor The person who does it.
local Activity = {}

---Did a detector find this in the message?
---@param id string a detector's id, such as "pii.de.iban"; a trailing '*' is any rest
---@return boolean
function Activity:has_finding(id) end

---The person behind an activity. A plugin learns groups, never a name.
---@class stoa.Actor
local Actor = {}

---Is the person in this group? Needs the permission `actor.groups`.
---@param group string name as in stoa.yaml
---@return boolean
function Actor:in_group(group) end

---One match of a plugin's own detector, before it is a finding. Valid inside the hook only.
---@class stoa.Hit
---@field text string What matched.
---@field label string Of the detector.
local Hit = {}

---One thing that a detector found in a message. Valid inside the hook only.
---@class stoa.Finding
---@field id string Of the detector, such as "pii.de.iban".
---@field severity string "low", "medium", "high" or "critical".
---@field confidence integer How sure the detector is, 0 to 100.
---@field text string What was found.
---@field platform string Where it goes: id of the platform adapter, or an empty string.
---@field audience string Who can read it, as in an activity; "unknown" where no adapter says.
local Finding = {}

---Makes it more certain; a smaller number changes nothing. Needs the permission `verdict.block`.
---@param confidence integer 0 to 100; detectors' levels are low 65, medium 75, high 85
function Finding:raise(confidence) end

---Makes it less certain; 0 takes it away. False, and nothing changes, after the manifest's lower_until. Needs the permission `verdict.lower`.
---@param confidence integer 0 to 100; detectors' levels are low 65, medium 75, high 85
---@return boolean
function Finding:lower(confidence) end

---One entry of the audit log, before it is handed over. It holds no text of a message.
---@class stoa.Record
---@field kind string What it tells: "decision" or "learning".
local Record = {}

---The value of a field, a list as its values joined by commas, or nil.
---@param name string of a field, as in the audit log: "host", "detectors"
---@return string?
function Record:get(name) end

---Takes a field away. False when it is not there, or when the record cannot be without it. Needs the permission `record.remove`.
---@param name string of a field, as in the audit log: "host", "detectors"
---@return boolean
function Record:remove(name) end

---A bounded copy of a page or post that somebody saw; rules need no plugin, see curation.
---@class stoa.Item
---@field platform string Id of the platform adapter.
---@field kind string "view", "post", "watch.end" and so on (docs/activity.md).
---@field url string Canonical address, or an empty string.
---@field title string Title, or an empty string.
---@field author string Author, or an empty string.
---@field lang string Language, or an empty string.
---@field text string Its text, HTML taken off.
---@field dwell number How long it was looked at, in seconds; 0 when nobody knows.
---@field length number How long it is, in seconds; 0 when it is no film or nobody knows.
local Item = {}

---Tags it, at most 8 times. Needs the permission `tag.write`.
---@param tag stoa.Tag topic, and what else is known: level, skill, queue, verb
function Item:tag(tag) end

---One xAPI statement, before it is handed over. Who it is about is not in it.
---@class stoa.Statement
local Statement = {}

---The value of a field, as it is by now, or nil.
---@param name string verb, type, url, parent, platform; or title, lang, kind, rule, tags, day, seconds, completed, which nobody changes
---@return string?
function Statement:get(name) end

---Says a field in the words of who receives it. Needs the permission `statement.map`.
---@param name string verb, type, url or parent (the course or path that it counts for), which are IRIs; platform, which is an id
---@param value string up to 512 bytes; an IRI begins with https: or http:
function Statement:map(name, value) end

---It is not handed over. Needs the permission `statement.drop`.
function Statement:drop() end

---The call a hook runs in: its settings, the day, and how to have a say.
---@class stoa.Context
---@field config table The plugin's settings: those of stoa.yaml, else the manifest's defaults. Cannot be changed.
---@field today string The day in UTC: "2026-11-24".
---@field now integer Seconds since 1970, UTC; in a test with `today`, noon of that day.
local Context = {}

---What this plugin's hook request noted under that name, or nil.
---@param name string as noted
---@return string?
function Context:fact(name) end

---What this plugin keeps under that name, or nil; across reloads and restarts. Needs the permission `store.kv`.
---@param name string as kept
---@return string?
function Context:kept(name) end

---Keeps an id under a name, 1 MiB for each plugin, 8 MiB for all; nil forgets it. Undone when the hook fails. Needs the permission `store.kv`.
---@param name string an id: letters, digits and ._:/-, up to 63 bytes
---@param value? string an id, too: a number, a day, a host, never text
function Context:keep(name, value) end

---The names that this plugin kept before this call. Needs the permission `store.kv`.
---@param prefix? string only those that begin so
---@return string[]
function Context:kept_names(prefix) end

---Let it pass and keep a record of the reason. Needs the permission `verdict.note`.
---@param opinion stoa.Opinion reason: an id of letters, digits and ._:-; message: { en, de }
function Context:note(opinion) end

---Let it pass and tell the person something. Needs the permission `verdict.coach`.
---@param opinion stoa.Opinion reason: an id of letters, digits and ._:-; message: { en, de }
function Context:coach(opinion) end

---Ask for the detectors' findings to be masked. Needs the permission `verdict.redact`.
---@param opinion stoa.Opinion reason: an id of letters, digits and ._:-; message: { en, de }
function Context:redact(opinion) end

---Keep it from leaving; the person sees the message in the platform's own place. Needs the permission `verdict.block`.
---@param opinion stoa.Opinion reason: an id of letters, digits and ._:-; message: { en, de }
function Context:block(opinion) end
