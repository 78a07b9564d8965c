-- SPDX-License-Identifier: Apache-2.0
-- words - finding words in text the way people mean it: local words = stoa.lib "words".

local words = {}

---Does the text hold the phrase, whatever the case, as words of their own? ASCII letters only change case.
---@param text string
---@param phrase string
---@return boolean
function words.has(text, phrase)
  local hay, needle, from = text:lower(), phrase:lower(), 1
  if needle == "" then return false end
  while true do
    local first, last = hay:find(needle, from, true)
    if not first then return false end
    local before, after = hay:sub(first - 1, first - 1), hay:sub(last + 1, last + 1)
    if (first == 1 or not before:find("[%w\128-\255]")) and not after:find("[%w\128-\255]") then
      return true
    end
    from = first + 1
  end
end

---The first of the phrases that the text holds, or nil.
---@param text string
---@param phrases string[]
---@return string?
function words.first(text, phrases)
  for _, phrase in ipairs(phrases) do
    if words.has(text, phrase) then return phrase end
  end
end

return words
