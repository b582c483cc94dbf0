// The set-up script looks for a browser first and downloads one only when it finds none.
module.exports = { skipDownload: true };
