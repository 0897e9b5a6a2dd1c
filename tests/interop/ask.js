// One request with the npm package coap: node ask.js JSON
// Bytes go in and come out in hex, so that any option can be given and told.
'use strict'
const coap = require('coap')
const given = JSON.parse(process.argv[2])
const numbers = {
  'Content-Format': 12, ETag: 4, 'Location-Path': 8, 'Location-Query': 20,
  Accept: 17, 'If-Match': 1, 'If-None-Match': 5, 'Max-Age': 14, Block2: 23, Block1: 27
}
const [pathname, query] = given.path.split('?')

const request = coap.request({
  hostname: given.hostname,
  port: given.port,
  pathname,
  query,
  method: given.method,
  confirmable: given.confirmable
})
const many = new Map()
for (const [number, value] of given.options) {
  many.set(number, [...(many.get(number) || []), Buffer.from(value, 'hex')])
}
for (const [number, values] of many) {
  request.setOption(String(number), values)
}
if (given.payload.length > 2048) {
  request.setOption('Block1', Buffer.of(6))
}
request.on('response', (response) => {
  // Some values come as what they mean: media types, numbers.
  const options = response._packet.options
    .map((o) => [numbers[o.name] || Number(o.name),
      Buffer.isBuffer(o.value) ? o.value.toString('hex') : String(o.value), typeof o.value])
  process.stdout.write(JSON.stringify({
    code: response.code, options, payload: response.payload.toString('hex')
  }))
  process.exit(0)
})
request.on('error', (error) => {
  process.stderr.write(String(error) + '\n')
  process.exit(1)
})
request.end(Buffer.from(given.payload, 'hex'))
