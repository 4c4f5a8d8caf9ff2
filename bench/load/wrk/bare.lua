-- The bare endpoint: one request, again and again.
done = require("report").done
