-- The path of a penalty in a model's report: how each alpha does, and how the coefficients shrink, over the logarithm of alpha.
local path = {}

local MOST = 12 -- lines of one chart

-- Column `name` of a table over log10(alpha), without what is missing; nil when there is nothing to draw.
local function series(small, name, title)
  local alpha, values, one = small:column("alpha"):values(), small:column(name):values(), { name = title or name, x = {}, y = {} }
  for row = 1, alpha.n do
    local value = tonumber(values[row])
    if alpha[row] > 0 and value then
      one.x[#one.x + 1], one.y[#one.y + 1] = math.log10(alpha[row]), value
    end
  end
  return #one.x > 1 and one or nil
end

-- Charts of the table "path": its errors of rows left out, or its criterion.
function path.errors(report, small)
  for _, choice in ipairs {
    { "left_out_mse", "squared error of rows left out" }, { "left_out_rmse", "RMSE of rows left out" },
    { "gcv_rmse", "RMSE by generalised cross-validation" }, { "criterion", "criterion" },
  } do
    local one = small:has(choice[1]) and series(small, choice[1])
    if one then
      report:chart { kind = "curve", title = choice[2] .. " by alpha", series = { one }, across = "log10 alpha" }
      return
    end
  end
end

-- A chart of the table "trace": the coefficients that are the largest anywhere on the path.
function path.coefficients(report, small)
  local list = {}
  for place, name in ipairs(small:columns()) do
    local one = place > 1 and series(small, name)
    if one then
      one.most = 0
      for _, value in ipairs(one.y) do one.most = math.max(one.most, math.abs(value)) end
      if one.most > 0 then list[#list + 1] = one end
    end
  end
  if #list == 0 then return end
  table.sort(list, function(a, b) return a.most > b.most or a.most == b.most and a.name < b.name end)
  local more = #list - MOST
  for place = #list, MOST + 1, -1 do list[place] = nil end
  report:chart {
    kind = "curve", series = list, across = "log10 alpha",
    title = more > 0 and ("coefficients by alpha, the %d largest of %d"):format(MOST, MOST + more) or "coefficients by alpha",
  }
end

return path
