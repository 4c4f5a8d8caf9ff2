-- GETs one path again and again with the ETag that an earlier answer had.
--   wrk … -s poll.lua http://127.0.0.1:PORT -- PATH ETAG
function init(args)
   line = "GET " .. args[1] .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nIf-None-Match: " .. args[2] .. "\r\n\r\n"
end

function request()
   return line
end

done = require("report").done
