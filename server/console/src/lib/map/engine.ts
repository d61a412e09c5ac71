/** MapLibre with a worker that we serve. Imported only when a map is shown: it is larger than all the rest. */
import { addProtocol, Map as Engine, setWorkerUrl } from 'maplibre-gl';
import worker from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';

setWorkerUrl(worker);

export { addProtocol, Engine };
export type { GeoJSONSource, LayerSpecification, MapGeoJSONFeature, StyleSpecification } from 'maplibre-gl';
