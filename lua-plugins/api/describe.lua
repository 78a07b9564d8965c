-- SPDX-License-Identifier: Apache-2.0
-- The words the API is described with: api.class "Name, doc" { api.field ..., api.method ..., api.func ... }.
-- gen.lua reads the descriptions and makes the C table, the LuaLS file and the manual from them.

local api = {}

local function entry(kind)
  return function(name)
    return function(spec)
      spec.kind, spec.name = kind, name
      return spec
    end
  end
end

api.field = entry "field" -- a value; costs a call to read
api.method = entry "method" -- called with ':'
api.func = entry "func" -- called with '.', on the module

---@param name string
---@param doc string
function api.class(name, doc)
  return function(entries)
    return { name = name, doc = doc, entries = entries }
  end
end

return api
