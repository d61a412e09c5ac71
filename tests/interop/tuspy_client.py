"""Uploads what `faults prepare` made with tuspy, over a line that breaks.

tuspy_client.py PREPARED LINE. Every break is answered as tuspy's users do: ask for the offset and go on.
"""

import json
import sys
import time

import requests
from tusclient import client, exceptions

with open(sys.argv[1]) as file:
    prepared = json.load(file)
endpoint = sys.argv[2] + "/v1/uploads"
uploads = client.TusClient(endpoint, headers={"Authorization": "Bearer " + prepared["token"]})
breaks = 0
for photo in prepared["photos"]:
    uploader = None
    for attempt in range(400):
        try:
            # With an address tuspy asks where to go on; without one it creates, which may be repeated.
            uploader = uploads.uploader(
                file_path=photo["file"],
                metadata=photo["metadata"],
                url=uploader and uploader.url,
                chunk_size=200_000,
                retries=0,
            )
            uploader.upload()
            break
        except (exceptions.TusCommunicationError, requests.exceptions.RequestException) as error:
            status = getattr(error, "status_code", None)
            if status is not None and 400 <= status < 500 and status not in (409, 423):
                raise
            breaks += 1
            time.sleep(0.05)
    else:
        sys.exit(f"{photo['file']} never arrived")
if breaks == 0:
    sys.exit("the line never broke: nothing was resumed")
print(f"ok      tuspy: {len(prepared['photos'])} photos, {breaks} breaks")
