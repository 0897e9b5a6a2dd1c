// A server with the npm package coap: node serve.js HOST
// Says its port once it listens.  What is PUT stays below /store/; /echo gives the
// request back as JSON; /big is 5,000 bytes; /count counts up for its observers;
// /late answers when its acknowledgement has gone ahead.
'use strict'
const coap = require('coap')
const host = process.argv[2]
const store = new Map()
const BIG = Buffer.from(Array.from({ length: 5000 }, (_, i) => 97 + i % 26))
const COUNT_MS = 100

function text (option) {
  return { name: option.name, value: option.value.toString('hex') }
}

function echo (request, response) {
  response.setOption('Content-Format', 'application/json')
  response.end(Buffer.from(JSON.stringify({
    method: request.method,
    url: request.url,
    options: request._packet.options.map(text),
    payload: request.payload.toString()
  })))
}

function count (request, response) {
  let n = 0
  if (request.headers.Observe !== 0) {
    response.end(Buffer.from('0'))
    return
  }
  const timer = setInterval(() => response.write(String(++n)), COUNT_MS)
  response.write('0')
  response.on('finish', () => clearInterval(timer))
}

function late (_request, response) {
  setTimeout(() => response.end(Buffer.from('late')), 200)
}

function stored (request, response) {
  const known = store.has(request.url)
  if (request.method === 'PUT') {
    store.set(request.url, request.payload)
    response.code = known ? '2.04' : '2.01'
    response.end()
  } else if (request.method === 'DELETE') {
    store.delete(request.url)
    response.code = '2.02'
    response.end()
  } else if (request.method === 'GET' && known) {
    response.end(store.get(request.url))
  } else {
    response.code = request.method === 'GET' ? '4.04' : '4.05'
    response.end()
  }
}

const resources = {
  '/echo': echo,
  '/big': (_request, response) => response.end(BIG),
  '/count': count,
  '/late': late
}

const server = coap.createServer({ type: host.includes(':') ? 'udp6' : 'udp4' }, (request, response) => {
  const path = request.url.split('?')[0]
  const answer = resources[path] || stored
  answer(request, response)
})
server.listen(0, host, () => {
  console.log('listening at port ' + server._sock.address().port)
})
