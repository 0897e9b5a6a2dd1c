// Observes with the npm package coap: node watch.js HOST PORT PATH con|non TOKEN
// Prints each state as a line, "end CODE" for an answer that is an error, and leaves when
// it is sent a line.
'use strict'
const coap = require('coap')
const [hostname, port, pathname, type, token] = process.argv.slice(2)

function ask (observe, done) {
  const request = coap.request({
    hostname,
    port: Number(port),
    pathname,
    method: 'GET',
    observe,
    confirmable: type === 'con',
    token: Buffer.from(token, 'hex')
  })
  request.on('response', done)
  request.on('error', (error) => {
    process.stderr.write(String(error) + '\n')
    process.exit(1)
  })
  request.end()
}

ask(0, (response) => {
  response.on('data', (state) => {
    const said = response.code[0] === '2' ? state.toString() : 'end ' + response.code
    process.stdout.write(said + '\n')
  })
})
// What the package does by itself, close(true), comes too late: its socket is closed.
process.stdin.once('data', () => ask(1, () => {}))
