// Observes with the npm package coap until it is told PAYLOAD: node observe.js HOST PORT
// PATH PAYLOAD.  Prints each state on a line of its own.
'use strict'
const coap = require('coap')
const [hostname, port, pathname, last] = process.argv.slice(2)

const request = coap.request({
  hostname, port: Number(port), pathname, method: 'GET', observe: true
})
request.on('response', (response) => {
  response.on('data', (state) => {
    process.stdout.write(state.toString() + '\n')
    if (state.toString() === last) {
      process.exit(0)
    }
  })
})
request.on('error', (error) => {
  process.stderr.write(String(error) + '\n')
  process.exit(1)
})
request.end()
