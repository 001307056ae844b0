console.log('layergate')
