// Uploads what `faults prepare` made with tus-js-client, over a line that breaks.
//
// tus_js_client.mjs PREPARED LINE. The client resumes by itself, as its users configure it.
import { createReadStream, readFileSync } from 'node:fs'
import { Upload } from 'tus-js-client'

const prepared = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const endpoint = `${process.argv[3]}/v1/uploads`
let breaks = 0

function send(photo) {
  return new Promise((resolve, reject) => {
    new Upload(createReadStream(photo.file), {
      endpoint,
      headers: { Authorization: `Bearer ${prepared.token}` },
      metadata: photo.metadata,
      uploadSize: photo.length,
      chunkSize: 200_000,
      retryDelays: Array(400).fill(50),
      onShouldRetry(error) {
        const status = error.originalResponse?.getStatus() ?? 0
        breaks += 1
        return status < 400 || status >= 500 || status === 409 || status === 423
      },
      onSuccess: resolve,
      onError: reject,
    }).start()
  })
}

for (const photo of prepared.photos) await send(photo)
if (breaks === 0) throw new Error('the line never broke: nothing was resumed')
console.log(`ok      tus-js-client: ${prepared.photos.length} photos, ${breaks} breaks`)
