-- Requests come from a thousand addresses through the proxy, so that throttles count and none is reached.
request = function()
    wrk.headers["X-Forwarded-For"] = "10.0." .. math.random(0, 9) .. "." .. math.random(0, 99)
    wrk.headers["X-Forwarded-Proto"] = "https"
    return wrk.format()
end
