// One GET with the npm package coap: node get.js HOST PORT PATH con|non
// Prints the code on the first line and the payload behind it.
'use strict'
const coap = require('coap')
const [hostname, port, pathname, type] = process.argv.slice(2)

const request = coap.request({
  hostname, port: Number(port), pathname, method: 'GET', confirmable: type === 'con'
})
request.on('response', (response) => {
  process.stdout.write(response.code + '\n' + response.payload.toString())
  process.exit(0)
})
request.on('error', (error) => {
  process.stderr.write(String(error) + '\n')
  process.exit(1)
})
request.end()
